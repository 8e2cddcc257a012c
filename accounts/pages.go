package accounts

import (
	"context"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
)

// pagesOf is [backupx.FromOperation] for operations that send their list in every response, also an empty one. The clients
// decode any other JSON object to an empty last page, for example the {"message": …} that a proxy answers with status 200.
// Here it is an error, as is an item without an id, because accounts or regions would be left out in silence.
func pagesOf[T, I, O, F any](
	operation string,
	call func(context.Context, *I, ...func(*F)) (*O, error),
	input I,
	page func(in *I, token *string, size *int32),
	items func(*O) ([]T, *string),
	id func(T) *string,
) backupx.Listing[T] {
	checked := func(ctx context.Context, in *I, opts ...func(*F)) (*O, error) {
		out, err := call(ctx, in, opts...)
		if err != nil {
			return nil, err
		}
		list, _ := items(out)
		if list == nil {
			return nil, fmt.Errorf("the response has the status of success and no list of the type %s: it may be a proxy's", reflect.TypeFor[T]().Name())
		}
		for i, item := range list {
			if aws.ToString(id(item)) == "" {
				return nil, fmt.Errorf("item %d of the response has no id, which each %s has", i+1, reflect.TypeFor[T]().Name())
			}
		}
		return out, nil
	}
	return backupx.FromOperation(operation, checked, input, page, items)
}
