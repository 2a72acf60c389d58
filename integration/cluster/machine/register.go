package machine

import (
	"context"
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"seaway.dev/cluster/network"
)

const version = "v1.36.3"

var zones = []string{"a", "b", "c"}

// Register makes the Node of the machine with this number.
func Register(ctx context.Context, client kubernetes.Interface, number int) error {
	name := "node-" + strconv.Itoa(number)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: own(name, number)}}
	_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	return err
}

func own(name string, number int) map[string]string {
	return map[string]string{
		Simulated:                "true",
		corev1.LabelHostname:     name,
		corev1.LabelOSStable:     "linux",
		corev1.LabelArchStable:   runtime.GOARCH,
		corev1.LabelTopologyZone: zones[(number-1)%len(zones)],
	}
}

// adopt gives a Node what it lacks that somebody made by hand.
func adopt(ctx context.Context, client kubernetes.Interface, node *corev1.Node, number int) error {
	missing := map[string]string{}
	for label, value := range own(node.Name, number) {
		if _, there := node.Labels[label]; !there {
			missing[label] = value
		}
	}
	patch := map[string]any{"metadata": map[string]any{"uid": node.UID, "labels": missing}}
	if node.Spec.ProviderID == "" {
		patch["spec"] = map[string]string{"providerID": "sandbox://" + node.Name}
	}
	return patchNode(ctx, client, node.Name, types.MergePatchType, patch)
}

// reported is whether the API shows the node as it is.
func reported(node *corev1.Node, number int) bool {
	return IsReady(node) && len(node.Status.Addresses) > 0 &&
		node.Status.Addresses[0].Address == network.Node(number).V4.Addr().String()
}

// report says where the node is, and, once kube-proxy works there, that it is Ready.
func (m *Machine) report(ctx context.Context, first bool) error {
	if first {
		if err := m.status(ctx, corev1.ConditionFalse, "NodeIsStarting"); err != nil {
			return err
		}
	}
	m.asked = m.uid
	alive, item := m.alive, "ready "+m.name+" "+string(m.uid)
	go func() {
		for works(alive, m.number) != nil {
			select {
			case <-alive.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
		m.fleet.queue.Add(item)
	}()
	return nil
}

// works tells the API so, of the Node for which it was asked.
func (f *Fleet) works(ctx context.Context, key string) error {
	name, uid, _ := strings.Cut(key, " ")
	machine := f.machines[name]
	if machine == nil || machine.state != up || string(machine.uid) != uid {
		return nil
	}
	err := machine.status(ctx, corev1.ConditionTrue, "KubeletReady")
	if err == nil {
		machine.asked = ""
	}
	return err
}

// status patches it; a Node of the same name that came since is left alone.
func (m *Machine) status(ctx context.Context, is corev1.ConditionStatus, reason string) error {
	at := network.Node(m.number).Addresses()
	resources := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("4"),
		corev1.ResourceMemory: resource.MustParse("16Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	status := corev1.NodeStatus{
		Capacity:    resources,
		Allocatable: resources,
		Conditions:  conditions(is, reason),
		NodeInfo: corev1.NodeSystemInfo{
			Architecture: runtime.GOARCH, OperatingSystem: "linux",
			KubeletVersion: version, KubeProxyVersion: version,
			MachineID: m.name, SystemUUID: m.name, BootID: m.name,
			OSImage: "Seaway test cluster", KernelVersion: "as the host",
			ContainerRuntimeVersion: "sandbox://1.0.0",
		},
	}
	address := func(kind corev1.NodeAddressType, address string) map[string]string {
		return map[string]string{"type": string(kind), "address": address}
	}
	patch := struct {
		Metadata map[string]any `json:"metadata"`
		Status   any            `json:"status"`
	}{
		map[string]any{"uid": m.uid},
		struct {
			corev1.NodeStatus
			// A merge goes by type, and of one type there are two.
			Addresses []map[string]string `json:"addresses"`
		}{status, []map[string]string{
			address(corev1.NodeInternalIP, at[0].String()),
			address(corev1.NodeInternalIP, at[1].String()),
			address(corev1.NodeHostName, m.name),
			{"$patch": "replace"},
		}},
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = m.fleet.client.CoreV1().Nodes().Patch(
		ctx, m.name, types.StrategicMergePatchType, text, metav1.PatchOptions{}, "status")
	return err
}

func conditions(is corev1.ConditionStatus, reason string) []corev1.NodeCondition {
	now := metav1.Now()
	condition := func(kind corev1.NodeConditionType, is corev1.ConditionStatus, reason string) corev1.NodeCondition {
		return corev1.NodeCondition{
			Type: kind, Status: is, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: now,
		}
	}
	return []corev1.NodeCondition{
		condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory"),
		condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure"),
		condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID"),
		condition(corev1.NodeReady, is, reason),
	}
}

// IsReady is whether a Node says that it works.
func IsReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func patchNode(
	ctx context.Context, client kubernetes.Interface, name string, kind types.PatchType, patch any,
) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, name, kind, text, metav1.PatchOptions{})
	return err
}
