package machine

import (
	"context"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// schedule binds each pod without a node to the least loaded one that takes it; the first by number
// among equals. Resources are not counted.
func (f *Fleet) schedule(ctx context.Context) error {
	nodes, err := f.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	pods, err := f.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	load := map[string]int{}
	assumed := map[types.UID]string{}
	var waiting []*corev1.Pod
	for _, pod := range pods {
		home := pod.Spec.NodeName
		if home == "" {
			// What was bound just now may not show yet.
			if home = f.assumed[pod.UID]; home != "" {
				assumed[pod.UID] = home
			}
		}
		switch {
		case finished(pod):
		case home != "":
			load[home]++
		case schedulable(pod):
			waiting = append(waiting, pod)
		}
	}
	f.assumed = assumed
	sort.Slice(waiting, func(i, j int) bool {
		a, b := waiting[i], waiting[j]
		if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
			return a.CreationTimestamp.Before(&b.CreationTimestamp)
		}
		return a.Name < b.Name
	})
	sort.Slice(nodes, func(i, j int) bool { return number(nodes[i].Name) < number(nodes[j].Name) })
	for _, pod := range waiting {
		home := choose(nodes, pod, load)
		if home == "" {
			continue
		}
		err := f.client.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID},
			Target:     corev1.ObjectReference{Kind: "Node", Name: home},
		}, metav1.CreateOptions{})
		// Gone, or bound by somebody else: the watch will tell.
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
		if err == nil {
			f.assumed[pod.UID] = home
			load[home]++
		}
	}
	return nil
}

func schedulable(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && len(pod.Spec.SchedulingGates) == 0 &&
		pod.Spec.SchedulerName == corev1.DefaultSchedulerName
}

func choose(nodes []*corev1.Node, pod *corev1.Pod, load map[string]int) string {
	best := ""
	for _, node := range nodes {
		if takes(node, pod) && (best == "" || load[node.Name] < load[best]) {
			best = node.Name
		}
	}
	return best
}

func takes(node *corev1.Node, pod *corev1.Pod) bool {
	if node.Labels[Simulated] == "" || !IsReady(node) || node.Spec.Unschedulable {
		return false
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(pod, taint) {
			return false
		}
	}
	for label, value := range pod.Spec.NodeSelector {
		if node.Labels[label] != value {
			return false
		}
	}
	name, named := target(pod)
	return !named || name == node.Name
}

func tolerates(pod *corev1.Pod, taint corev1.Taint) bool {
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		return (t.Key == "" || t.Key == taint.Key) && (t.Effect == "" || t.Effect == taint.Effect) &&
			(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
	})
}

// target is the node for which the DaemonSet controller made a pod.
func target(pod *corev1.Pod) (string, bool) {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil {
		return "", false
	}
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return "", false
	}
	for _, term := range required.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == metav1.ObjectNameField && len(field.Values) == 1 {
				return field.Values[0], true
			}
		}
	}
	return "", false
}
