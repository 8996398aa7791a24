package access

import "context"

// Known reports whether there is an account of a name. What is typed for a name
// may be a password; only names that are one may be kept anywhere.
func (a *Access) Known(ctx context.Context, name string) bool {
	var n int
	err := a.db.QueryRow(ctx, `SELECT count(*) FROM account WHERE name = ?`, name).Scan(&n)
	return err == nil && n > 0
}
