package echo

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

const (
	longestDelay = 10 * time.Minute
	largestBody  = 1 << 34
)

// wishes are what a request asks for in its query.
type wishes struct {
	delay time.Duration
	// bytes is how long a body of dots is to be; less than none: no such body is wanted.
	bytes int64
}

// parse reads `delay` in milliseconds and `bytes`; what is too much is cut to the limit.
func parse(query url.Values) (wishes, error) {
	wanted := wishes{bytes: -1}
	for name, set := range map[string]func(uint64){
		"delay": func(n uint64) {
			limit := uint64(longestDelay / time.Millisecond)
			wanted.delay = time.Duration(min(n, limit)) * time.Millisecond
		},
		"bytes": func(n uint64) { wanted.bytes = int64(min(n, largestBody)) },
	} {
		if !query.Has(name) {
			continue
		}
		number, err := strconv.ParseUint(query.Get(name), 10, 64)
		if err != nil {
			return wanted, fmt.Errorf("%s=%s is not a whole number", name, query.Get(name))
		}
		set(number)
	}
	return wanted, nil
}
