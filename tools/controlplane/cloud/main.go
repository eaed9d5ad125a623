// Karpenter with its KWOK provider, as upstream puts it together, over a cloud whose stock can run out.
//
// `karpenter crds` prints the custom resource definitions that this Karpenter was built with. Without arguments it
// runs; upstream's environment variables apply, and two of ours (see stock.go).
package main

import (
	"bytes"
	"os"

	"github.com/samber/lo"
	kwokapis "sigs.k8s.io/karpenter/kwok/apis"
	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/apis"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/operator"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "crds" {
		lo.Must(os.Stdout.Write(crds()))
		return
	}
	run()
}

func crds() []byte {
	return bytes.Join([][]byte{
		apis.NodePoolCRD, apis.NodeClaimCRD, apis.NodeOverlayCRD, apis.CapacityBufferCRD, kwokapis.KWOKNodeClassCRD,
	}, []byte("\n---\n"))
}

func run() {
	ctx, op := operator.NewOperator()
	plain := newCloud(op.GetClient(), lo.Must(kwok.ConstructInstanceTypes(ctx)))
	cloud := overlay.Decorate(plain, op.GetClient(), op.InstanceTypeStore)
	op.WithControllers(ctx, controllers.NewControllers(
		ctx,
		op.Manager,
		op.Clock,
		op.GetClient(),
		op.EventRecorder,
		cloud,
		plain,
		state.NewCluster(op.Clock, op.GetClient(), cloud),
		op.InstanceTypeStore,
	)...).Start(ctx)
}
