package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/patrickmn/go-cache"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/scheduling"
	"sigs.k8s.io/karpenter/pkg/utils/env"
)

// cloud is the KWOK provider with a stock that can run out and come back while Karpenter runs.
//
// Upstream reads INSTANCE_TYPES_FILE_PATH once and takes every offering for available. Here the `Available` of each
// offering is what the cloud has now: the file is read again at every launch. Karpenter learns of it as it does from
// a real cloud: a launch fails with InsufficientCapacityError, and the offerings that it asked for count as
// unavailable for UNAVAILABLE_OFFERINGS_TTL (3 minutes, as in the provider for AWS), whatever the stock is meanwhile.
type cloud struct {
	*kwok.CloudProvider
	client  client.Client
	types   []*cloudprovider.InstanceType
	path    string
	soldOut *cache.Cache
}

func newCloud(kubeClient client.Client, types []*cloudprovider.InstanceType) *cloud {
	ttl := env.WithDefaultDuration("UNAVAILABLE_OFFERINGS_TTL", 3*time.Minute)
	return &cloud{
		CloudProvider: kwok.NewCloudProvider(context.Background(), kubeClient, types),
		client:        kubeClient,
		types:         types,
		path:          os.Getenv("INSTANCE_TYPES_FILE_PATH"),
		soldOut:       cache.New(ttl, time.Minute),
	}
}

// GetInstanceTypes returns all types; the offerings that lately failed to launch are not available.
func (c *cloud) GetInstanceTypes(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	return lo.Map(c.types, func(it *cloudprovider.InstanceType, _ int) *cloudprovider.InstanceType {
		return with(it, func(index int) bool { return c.believed(it.Name, index) })
	}), nil
}

// Create launches what the stock allows, and remembers which of the wanted offerings it did not have.
func (c *cloud) Create(ctx context.Context, claim *v1.NodeClaim) (*v1.NodeClaim, error) {
	stock, err := readStock(c.path)
	if err != nil {
		return nil, err
	}
	wanted := scheduling.NewNodeSelectorRequirementsWithMinValues(claim.Spec.Requirements...)
	c.note(stock, wanted)
	types := lo.FilterMap(c.types, func(it *cloudprovider.InstanceType, _ int) (*cloudprovider.InstanceType, bool) {
		it = with(it, func(index int) bool { return stock.has(it.Name, index) && c.believed(it.Name, index) })
		return it, launchable(it, wanted)
	})
	if len(types) == 0 {
		return nil, cloudprovider.NewInsufficientCapacityError(
			errors.New("all requested instance types were unavailable during launch"))
	}
	return kwok.NewCloudProvider(ctx, c.client, types).Create(ctx, narrowed(claim, types))
}

func (c *cloud) note(stock stock, wanted scheduling.Requirements) {
	for _, it := range c.types {
		for index, offering := range it.Offerings {
			asked := cloudprovider.Offerings{offering}.HasCompatible(wanted)
			if asked && !stock.has(it.Name, index) && c.believed(it.Name, index) {
				c.soldOut.SetDefault(key(it.Name, index), true)
			}
		}
	}
}

func (c *cloud) believed(name string, index int) bool {
	_, failed := c.soldOut.Get(key(name, index))
	return !failed
}

// launchable tells whether the type is among the wanted ones and has an offering to launch.
func launchable(it *cloudprovider.InstanceType, wanted scheduling.Requirements) bool {
	return wanted.Get(corev1.LabelInstanceTypeStable).Has(it.Name) && it.Offerings.Available().HasCompatible(wanted)
}

// with returns the same type with its offerings' availability told anew; the original is shared and stays as it is.
func with(it *cloudprovider.InstanceType, available func(index int) bool) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{
		Name:         it.Name,
		Requirements: it.Requirements,
		Capacity:     it.Capacity,
		Overhead:     it.Overhead,
		Offerings: lo.Map(it.Offerings, func(each *cloudprovider.Offering, index int) *cloudprovider.Offering {
			changed := *each
			changed.Available = available(index)
			return &changed
		}),
	}
}

// narrowed returns the claim with only these types to choose from: upstream chooses, and knows no others.
func narrowed(claim *v1.NodeClaim, types []*cloudprovider.InstanceType) *v1.NodeClaim {
	claim = claim.DeepCopy()
	for index := range claim.Spec.Requirements {
		if claim.Spec.Requirements[index].Key == corev1.LabelInstanceTypeStable {
			claim.Spec.Requirements[index].Values = lo.Map(types, func(it *cloudprovider.InstanceType, _ int) string {
				return it.Name
			})
		}
	}
	return claim
}

// stock is what the cloud has: for each type, its offerings in the order of the file.
type stock map[string][]bool

func (s stock) has(name string, index int) bool { return s[name][index] }

func readStock(path string) (stock, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the stock, %w", err)
	}
	var types []struct {
		Name      string
		Offerings []struct{ Available bool }
	}
	if err := json.Unmarshal(content, &types); err != nil {
		return nil, fmt.Errorf("reading the stock, %w", err)
	}
	result := stock{}
	for _, each := range types {
		for _, offering := range each.Offerings {
			result[each.Name] = append(result[each.Name], offering.Available)
		}
	}
	return result, nil
}

func key(name string, index int) string { return fmt.Sprintf("%s/%d", name, index) }
