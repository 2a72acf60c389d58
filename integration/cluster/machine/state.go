package machine

import corev1 "k8s.io/api/core/v1"

// state is how a machine is.
type state int

const (
	// up is a machine that works.
	up state = iota
	// refusing is one that crashed: nothing listens there, and its pods are gone.
	refusing
	// silent is one that is cut off: nothing gets in or out.
	silent
)

// wanted is what the annotation of a Node says.
func wanted(node *corev1.Node) state {
	switch value, there := node.Annotations[crash]; {
	case !there || value == "false":
		return up
	case value == "blackhole":
		return silent
	default:
		return refusing
	}
}
