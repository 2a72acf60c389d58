package machine

import (
	"context"
	"encoding/json"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const heartbeat = 10 * time.Second

// beat has each machine that works say so, as kubelets do: who is not heard of becomes Unknown.
func (f *Fleet) beat(ctx context.Context) {
	for {
		f.queue.Add("beat ")
		select {
		case <-ctx.Done():
			return
		case <-time.After(heartbeat):
		}
	}
}

func (f *Fleet) renew(ctx context.Context) {
	for _, machine := range f.machines {
		if machine.state != up || machine.space == nil || !machine.offAt.IsZero() {
			continue
		}
		name, uid := machine.name, machine.uid
		go func() {
			if err := f.renewOne(ctx, name, uid); err != nil {
				f.log("lease of %s: %v", name, err)
			}
		}()
	}
}

func (f *Fleet) renewOne(ctx context.Context, name string, uid types.UID) error {
	leases := f.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	now, seconds := metav1.NowMicro(), int32(40)
	spec := coordinationv1.LeaseSpec{
		HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now,
	}
	patch, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return err
	}
	_, err = leases.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: name, UID: uid}
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{owner}},
		Spec:       spec,
	}
	_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
	return err
}
