package control

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long a part of the control plane may take to be there, on a busy machine.
const patience = 2 * time.Minute

// wait tries until there is no error; what ended meanwhile will never be there.
func wait(ctx context.Context, ended <-chan struct{}, probe func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := probe()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(25 * time.Millisecond):
		}
	}
}
