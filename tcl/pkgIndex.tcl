package ifneeded twapi_crypto 5.0 [list load [file join $dir libtwapi_crypto[info sharedlibextension]] Twapi_crypto]
