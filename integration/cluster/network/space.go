package network

import (
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Space is a network namespace. Nothing but this process and what runs in it keeps it alive: it has
// no name in any folder, so that nothing is left of it.
type Space struct {
	handle netns.NsHandle
	link   *netlink.Handle
}

// Here is the namespace that this process lives in.
func Here() (*Space, error) {
	handle, err := netns.Get()
	if err != nil {
		return nil, err
	}
	return open(handle)
}

// NewSpace makes an empty one; its loopback is up.
func NewSpace() (*Space, error) {
	var handle netns.NsHandle
	err := elsewhere(func() error {
		var err error
		// This moves the thread as well.
		handle, err = netns.New()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	space, err := open(handle)
	if err != nil {
		return nil, err
	}
	return space, space.Up("lo")
}

func open(handle netns.NsHandle) (*Space, error) {
	link, err := netlink.NewHandleAt(handle)
	if err != nil {
		handle.Close()
		return nil, err
	}
	return &Space{handle, link}, nil
}

// Do calls f on a thread in this namespace: sockets and processes that it makes belong there.
func (s *Space) Do(f func() error) error {
	return elsewhere(func() error {
		if err := netns.Set(s.handle); err != nil {
			return err
		}
		return f()
	})
}

// Set writes a kernel parameter of this namespace, such as net/ipv4/ip_forward.
func (s *Space) Set(name, value string) error {
	return s.Do(func() error {
		return os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	})
}

// Up switches an interface on.
func (s *Space) Up(name string) error {
	link, err := s.link.LinkByName(name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", name, err)
	}
	return s.link.LinkSetUp(link)
}

// Close lets go of it: it ends once the last socket and process in it has ended.
func (s *Space) Close() {
	s.link.Close()
	s.handle.Close()
}

// elsewhere calls f on a thread of its own, which is thrown away after: f may leave it in any
// namespace.
func elsewhere(f func() error) error {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with this goroutine.
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}
