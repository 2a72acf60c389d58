package echo

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type peerKey struct{}

// web answers HTTP. It counts its connections, to know when nobody is there any more.
type web struct {
	identity Identity
	server   *http.Server
	leaving  atomic.Bool
	mu       sync.Mutex
	open     map[net.Conn]bool
}

func newWeb(identity Identity) *web {
	w := &web{identity: identity, open: map[net.Conn]bool{}}
	w.server = &http.Server{
		Handler:   w,
		ConnState: w.count,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, conn.RemoteAddr())
		},
	}
	return w
}

func (w *web) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	wanted, err := parse(request.URL.Query())
	header := answer.Header()
	leave := func() {
		// Each answer of a pod that is leaving is the last of its connection.
		if w.leaving.Load() {
			header.Set("Connection", "close")
		}
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		leave()
		answer.WriteHeader(http.StatusBadRequest)
		io.WriteString(answer, err.Error()+"\n")
		return
	}
	select {
	case <-time.After(wanted.delay):
	case <-request.Context().Done():
		return
	}
	leave()
	switch {
	case wanted.bytes >= 0:
		header.Del("Content-Type")
		header.Set("Content-Length", strconv.FormatInt(wanted.bytes, 10))
		io.CopyN(answer, dots{}, wanted.bytes)
	case request.Method == http.MethodPost && request.URL.Path == "/echo":
		header.Del("Content-Type")
		io.Copy(answer, request.Body)
	default:
		peer, _ := request.Context().Value(peerKey{}).(net.Addr)
		io.WriteString(answer, w.identity.line(peer))
	}
}

func (w *web) count(conn net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch state {
	case http.StateNew:
		w.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(w.open, conn)
	}
}

func (w *web) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}

// reset breaks every connection off, as a machine does that is no more.
func (w *web) reset() {
	w.mu.Lock()
	for conn := range w.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
	}
	w.mu.Unlock()
	w.server.Close()
}

// dots never ends.
type dots struct{}

var chunk = strings.Repeat(".", 16384)

func (dots) Read(buffer []byte) (int, error) {
	return copy(buffer, chunk), nil
}
