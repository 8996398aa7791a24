// Package storetest runs tests on every database that store speaks: SQLite in a
// temporary folder and a real PostgreSQL that the tests start themselves, on a
// private socket, from the machine's own packages. A machine without PostgreSQL
// fails these tests; nothing is skipped.
package storetest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"luoshu/kernel/store"
)

// Server is a PostgreSQL server of the tests' own, reachable only through a
// socket in its folder.
type Server struct {
	dir  string
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan struct{} // closed when the server has ended
	n    atomic.Int64
}

// StartPostgres makes a cluster in a new folder and starts a server on it. It
// needs PostgreSQL's programs; as root it runs them as the user postgres, since
// the server refuses root. Stop it after the last test.
func StartPostgres() (*Server, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lspg")
	if err != nil {
		return nil, fmt.Errorf("make folder for PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, done: make(chan struct{})}
	if err := s.start(bin); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// postgresPrograms is the folder with initdb and postgres, the newest there is.
func postgresPrograms() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "postgres")); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is missing: these tests need its programs initdb and postgres " +
			"(on Debian: apt-get install postgresql; elsewhere put them on the PATH)")
	}
	slices.SortFunc(found, func(a, b string) int { return versionOf(a) - versionOf(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

func versionOf(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// credential is the user to run as: nil unless we are root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no user postgres: %w", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *Server) start(bin string) error {
	cred, err := credential()
	if err != nil {
		return err
	}
	if cred != nil {
		if err := os.Chown(s.dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return fmt.Errorf("hand folder to postgres: %w", err)
		}
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = s.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_wal_size=4GB", "-c", "shared_buffers=128MB", "-c", "maintenance_work_mem=256MB")
	s.cmd.Dir = s.dir
	s.cmd.Stderr = &s.log
	// The server ends with the tests, however they end.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	go func() {
		defer close(s.done)
		s.cmd.Wait()
	}()
	return s.await()
}

func (s *Server) await() error {
	db, err := sql.Open("pgx", s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	deadline := time.After(time.Minute)
	for {
		if err = db.Ping(); err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL ended at once:\n%s", s.log.String())
		case <-deadline:
			s.Stop()
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) dsn(db string) string {
	return "host=" + s.dir + " user=postgres dbname=" + db + " sslmode=disable"
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.cmd.Process.Signal(syscall.SIGINT)
	<-s.done
	os.RemoveAll(s.dir)
}

// Database makes an empty database and returns its connection string.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	db, err := sql.Open("pgx", s.dsn("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("t%d", s.n.Add(1))
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return s.dsn(name)
}

// Databases gives the tests of one package every kind of database. Put one in a
// variable of the test package and call its Main from TestMain.
type Databases struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs the tests and stops what they started.
func (d *Databases) Main(m *testing.M) int {
	defer func() {
		if d.server != nil {
			d.server.Stop()
		}
	}()
	return m.Run()
}

// Postgres makes an empty PostgreSQL database, starting the server for the first.
func (d *Databases) Postgres(t testing.TB) store.Config {
	t.Helper()
	d.once.Do(func() { d.server, d.err = StartPostgres() })
	if d.err != nil {
		t.Fatal(d.err)
	}
	return store.Config{Driver: "postgres", DSN: d.server.Database(t), Keys: Keys(t)}
}

// SQLite names a new SQLite file in the test's folder.
func (d *Databases) SQLite(t testing.TB) store.Config {
	t.Helper()
	return store.Config{Driver: "sqlite", DSN: filepath.Join(t.TempDir(), "test.db"), Keys: Keys(t)}
}

// Each runs f as a subtest on every kind of database, with an empty one each.
func (d *Databases) Each(t *testing.T, f func(t *testing.T, c store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, d.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, d.Postgres(t)) })
}
