package echo

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// Port is where a server listens.
type Port struct {
	// Network is "tcp" or "udp".
	Network string
	Number  uint16
}

// Server is the sockets of a pod.
type Server struct {
	web       *web
	identity  Identity
	listeners []net.Listener
	datagrams []net.PacketConn
	once      sync.Once
	killed    chan struct{}
}

// Listen opens the ports, in the network namespace of the thread that calls it.
func Listen(identity Identity, ports []Port) (*Server, error) {
	s := &Server{web: newWeb(identity), identity: identity, killed: make(chan struct{})}
	for _, port := range ports {
		at := net.JoinHostPort("", strconv.Itoa(int(port.Number)))
		var err error
		if port.Network == "udp" {
			var socket net.PacketConn
			if socket, err = net.ListenPacket("udp", at); err == nil {
				s.datagrams = append(s.datagrams, socket)
			}
		} else {
			var listener net.Listener
			if listener, err = net.Listen("tcp", at); err == nil {
				s.listeners = append(s.listeners, listener)
			}
		}
		if err != nil {
			s.Kill()
			return nil, fmt.Errorf("%s %d: %w", port.Network, port.Number, err)
		}
	}
	for _, listener := range s.listeners {
		go s.web.server.Serve(listener)
	}
	for _, socket := range s.datagrams {
		go s.answer(socket)
	}
	return s, nil
}

// Leave makes each answer the last of its connection.
func (s *Server) Leave() {
	s.web.leaving.Store(true)
}

// Close takes no new connections.
func (s *Server) Close() {
	for _, listener := range s.listeners {
		listener.Close()
	}
	for _, socket := range s.datagrams {
		socket.Close()
	}
}

// Idle waits until no connection is open, and tells whether that came before the context ended.
func (s *Server) Idle(ctx context.Context) bool {
	for s.web.connections() > 0 {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

// Finish ends the connections that are idle, and the others after their answer.
func (s *Server) Finish() {
	s.web.server.SetKeepAlivesEnabled(false)
}

// Kill ends everything at once; who is connected is told so.
func (s *Server) Kill() {
	s.Close()
	s.web.reset()
	s.once.Do(func() { close(s.killed) })
}

// Killed is closed once it is killed.
func (s *Server) Killed() <-chan struct{} {
	return s.killed
}

// answer sends each datagram back, after the line.
func (s *Server) answer(socket net.PacketConn) {
	buffer := make([]byte, 65535)
	for {
		read, peer, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		socket.WriteTo(append([]byte(s.identity.line(peer)), buffer[:read]...), peer)
	}
}
