package main

import (
	"io"
	"net"
)

// forward carries every connection that comes in at a door to another place, and back.
func forward(door net.Listener, to string) {
	for {
		from, err := door.Accept()
		if err != nil {
			return
		}
		go func() {
			defer from.Close()
			there, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer there.Close()
			go func() {
				io.Copy(there, from)
				there.(*net.TCPConn).CloseWrite()
			}()
			io.Copy(from, there)
		}()
	}
}
