package machine

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func node(name string, ready corev1.ConditionStatus, spec corev1.NodeSpec) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{Simulated: "true"}},
		Spec:       spec,
		Status: corev1.NodeStatus{
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}},
		},
	}
}

func TestPodsGoToTheLeastLoadedNodeThatTakesThem(t *testing.T) {
	taint := corev1.Taint{Key: "x", Effect: corev1.TaintEffectNoSchedule}
	nodes := []*corev1.Node{
		node("node-1", corev1.ConditionTrue, corev1.NodeSpec{Unschedulable: true}),
		node("node-2", corev1.ConditionTrue, corev1.NodeSpec{}),
		node("node-3", corev1.ConditionUnknown, corev1.NodeSpec{}),
		node("node-4", corev1.ConditionTrue, corev1.NodeSpec{Taints: []corev1.Taint{taint}}),
		node("node-10", corev1.ConditionTrue, corev1.NodeSpec{}),
	}
	pod, load := &corev1.Pod{}, map[string]int{}
	for _, want := range []string{"node-2", "node-10", "node-2"} {
		if got := choose(nodes, pod, load); got != want {
			t.Errorf("chose %q and not %q with %v", got, want, load)
		}
		load[want]++
	}
	if got := choose(nodes[:1], pod, load); got != "" {
		t.Errorf("a cordoned node was chosen: %q", got)
	}
}

func TestTheNumberOfANodeIsAtTheEndOfItsName(t *testing.T) {
	for name, want := range map[string]int{"node-3": 3, "a-b-12": 12, "edge": 0, "node-": 0} {
		if got := number(name); got != want {
			t.Errorf("%s: %d and not %d", name, got, want)
		}
	}
}
