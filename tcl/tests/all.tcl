# Runs every *.test beside it, each in a process of its own: tclsh tcl/tests/all.tcl ?tcltest options?
package require Tcl 8.6-
package require tcltest 2.3
tcltest::configure -testdir [file dirname [file normalize [info script]]] {*}$argv
exit [tcltest::runAllTests]
