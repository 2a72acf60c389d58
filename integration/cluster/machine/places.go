package machine

import (
	"errors"
	"net/netip"
	"sync"

	"seaway.dev/cluster/network"
)

// places says which machine has which number, and so which addresses.
type places struct {
	mu    sync.Mutex
	names map[int]string
	// at is whose an address is: of the node itself, or the one by which its pods see it.
	at map[netip.Addr]string
}

func newPlaces() *places {
	return &places{names: map[int]string{}, at: map[netip.Addr]string{}}
}

// take gives a name the number at its end, or else the first that is free.
func (p *places) take(name string) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chosen := number(name)
	if _, taken := p.names[chosen]; taken || chosen < 1 || chosen > network.MaxNodes {
		chosen = 1
		for p.names[chosen] != "" {
			chosen++
		}
	}
	if chosen > network.MaxNodes {
		return 0, errors.New("every node address is used")
	}
	p.names[chosen] = name
	for _, pair := range []network.Pair{network.Node(chosen), network.Pod(chosen, 1)} {
		for _, address := range pair.Addresses() {
			p.at[address] = name
		}
	}
	return chosen, nil
}

func (p *places) release(number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, name := range p.at {
		if name == p.names[number] {
			delete(p.at, address)
		}
	}
	delete(p.names, number)
}

func (p *places) nodeAt(address netip.Addr) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, ok := p.at[address]
	return name, ok
}
