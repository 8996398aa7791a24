package ledger_test

import (
	"os"
	"testing"

	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) {
	os.Exit(dbs.Main(m))
}
