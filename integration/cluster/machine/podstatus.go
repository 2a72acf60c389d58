package machine

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"seaway.dev/cluster/network"
)

// report writes the status of a pod that runs, as a kubelet does.
func (l *life) report(isReady bool) {
	text, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": l.uid},
		"status":   l.status(isReady),
	})
	if err == nil {
		pods := l.machine.fleet.client.CoreV1().Pods(l.pod.Namespace)
		_, err = pods.Patch(
			l.power, l.pod.Name, types.MergePatchType, text, metav1.PatchOptions{}, "status")
	}
	// A pod that was deleted meanwhile is told so in another way.
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && l.power.Err() == nil {
		l.machine.fleet.log("status of pod %s: %v", l.pod.Name, err)
	}
}

func (l *life) status(isReady bool) corev1.PodStatus {
	started := metav1.NewTime(l.started)
	condition := func(kind corev1.PodConditionType, is bool) corev1.PodCondition {
		status := corev1.ConditionFalse
		if is {
			status = corev1.ConditionTrue
		}
		return corev1.PodCondition{Type: kind, Status: status, LastTransitionTime: metav1.Now()}
	}
	status := corev1.PodStatus{
		Phase:     corev1.PodRunning,
		StartTime: &started,
		Conditions: []corev1.PodCondition{
			condition(corev1.PodInitialized, true),
			condition(corev1.PodReady, isReady),
			condition(corev1.ContainersReady, isReady),
			condition(corev1.PodScheduled, true),
		},
	}
	for _, address := range network.Node(l.machine.number).Addresses() {
		status.HostIPs = append(status.HostIPs, corev1.HostIP{IP: address.String()})
	}
	for _, address := range l.at.Addresses() {
		status.PodIPs = append(status.PodIPs, corev1.PodIP{IP: address.String()})
	}
	status.HostIP, status.PodIP = status.HostIPs[0].IP, status.PodIPs[0].IP
	running := true
	for _, container := range l.pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name:        container.Name,
			Image:       container.Image,
			ImageID:     "sandbox://" + container.Image,
			ContainerID: "sandbox://" + string(l.uid) + "/" + container.Name,
			Ready:       isReady,
			Started:     &running,
			State: corev1.ContainerState{
				Running: &corev1.ContainerStateRunning{StartedAt: started},
			},
		})
	}
	return status
}

// remove takes away the object of a pod that has ended; another one of its name is left alone.
func remove(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) error {
	none := int64(0)
	err := client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &none,
		Preconditions:      &metav1.Preconditions{UID: &pod.UID},
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
