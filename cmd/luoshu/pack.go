package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/duty"
	"luoshu/kernel/packtest"
	engines "luoshu/kernel/run"
	"luoshu/kernel/store"
	"luoshu/kernel/target"
	"luoshu/kernel/verify/finding"
	"luoshu/kernel/workday"
)

type packCmd struct {
	Graph packGraphCmd `cmd:"" help:"Write the case types of a pack as a graph (DOT)."`
	Check packCheckCmd `cmd:"" help:"Name every fault in packs. Without DIR: the built-in packs."`
	Test  packTestCmd  `cmd:"" help:"Run the tests of packs. Without DIR: the built-in packs."`
}

type packCheckCmd struct {
	Dirs []string `arg:"" optional:"" type:"path" name:"dir" help:"Pack folders; packs they need come from the built-in ones."`
}

type packTestCmd struct {
	Dirs []string `arg:"" optional:"" type:"path" name:"dir" help:"Pack folders."`
}

// packSet is some packs that load together: those of one city.
type packSet struct {
	layers []fs.FS
	names  []string
	test   []string // those whose own tests are to be run
}

// packSets returns what to check: one set a city pack for the built-in packs, or
// one set a folder given, laid over the built-in packs.
func packSets(dirs []string) ([]packSet, error) {
	if len(dirs) == 0 {
		cities, err := packtest.Cities(builtin())
		if err != nil {
			return nil, err
		}
		var out []packSet
		for _, names := range cities {
			out = append(out, packSet{layers: []fs.FS{builtin()}, names: names, test: names})
		}
		return out, nil
	}
	var out []packSet
	for _, d := range dirs {
		st, err := os.Stat(filepath.Join(d, "pack.yaml"))
		if err != nil || st.IsDir() {
			return nil, luoshu.Errorf(luoshu.NotFound, "%s 中没有 pack.yaml", "there is no pack.yaml in %s", d)
		}
		abs, err := filepath.Abs(d)
		if err != nil {
			return nil, fmt.Errorf("check packs: %w", err)
		}
		name := filepath.Base(abs)
		out = append(out, packSet{layers: []fs.FS{builtin(), onlyDir{os.DirFS(filepath.Dir(abs)), name}}, names: []string{name}, test: []string{name}})
	}
	return out, nil
}

// onlyDir shows one folder of a file system, so that its neighbours are not
// taken for packs.
type onlyDir struct {
	fsys fs.FS
	name string
}

// Open opens the folder, what is in it, and a root that holds it alone.
func (o onlyDir) Open(name string) (fs.File, error) { return o.fsys.Open(name) }

// ReadDir lists the one folder at the root.
func (o onlyDir) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(o.fsys, name)
	if err != nil || name != "." {
		return list, err
	}
	for _, e := range list {
		if e.Name() == o.name {
			return []fs.DirEntry{e}, nil
		}
	}
	return nil, nil
}

// Run prints every fault and exits 1 if there is one.
func (c packCheckCmd) Run(a *app) error {
	sets, err := packSets(c.Dirs)
	if err != nil {
		return err
	}
	bad := 0
	for _, s := range sets {
		cat, faults := catalog.Load(catalog.Options{FS: s.layers, Packs: s.names, NoCity: len(c.Dirs) > 0})
		if len(faults) == 0 {
			if faults, err = checkCharter(a, cat); err != nil {
				return err
			}
		}
		for _, f := range faults {
			fmt.Fprintln(a.out, f.String())
		}
		bad += len(faults)
		if len(faults) == 0 {
			fmt.Fprintf(a.out, "ok: %d packs, %d entities, %d indicators, %d targets (catalog %.12s)\n",
				len(cat.Packs), len(cat.Entities), len(cat.Indicators), targets(cat), cat.Version)
		}
	}
	if bad > 0 {
		fmt.Fprintf(a.out, "%d faults\n", bad)
		return errQuiet
	}
	return nil
}

// checkCharter reads the charter files and holds their statements against the
// tables that the catalog asks for.
func checkCharter(a *app, cat *catalog.Catalog) ([]catalog.Fault, error) {
	ch, faults := charter.Load(cat)
	_, more := workday.Load(cat)
	_, owed := duty.Load(cat, func(id string) bool { return ch.Case(id) != nil })
	_, unfit := engines.Load(cat)
	_, aims := target.Load(cat)
	faults = slices.Concat(faults, more, owed, unfit, aims)
	if len(faults) > 0 || len(ch.SetRules) == 0 {
		return faults, nil
	}
	db, err := store.Open(a.ctx, store.Config{Driver: "sqlite", DSN: ":memory:"})
	if err != nil {
		return nil, err
	}
	faults, err = finding.Check(a.ctx, db, cat, ch)
	return faults, errors.Join(err, db.Close())
}

func targets(c *catalog.Catalog) int {
	n := 0
	for _, p := range c.Plans {
		n += len(p.Targets)
	}
	return n
}

// Run runs the packs' tests on the real kernel with a database of its own.
func (c packTestCmd) Run(a *app) error {
	sets, err := packSets(c.Dirs)
	if err != nil {
		return err
	}
	failed, passed := 0, 0
	for _, s := range sets {
		for _, name := range s.test {
			res, err := packtest.Run(a.ctx, s.layers, name, s.names)
			if err != nil {
				return err
			}
			passed += res.Passed
			failed += len(res.Failures)
			for _, f := range res.Failures {
				fmt.Fprintln(a.out, f)
			}
		}
	}
	fmt.Fprintf(a.out, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return errQuiet
	}
	return nil
}

type packGraphCmd struct {
	Pack string   `arg:"" help:"Pack whose case types are drawn."`
	Dirs []string `name:"dir" type:"existingdir" help:"Folders of packs instead of the built-in ones."`
	Case string   `help:"Only this case type."`
}

// Run writes the case types of a pack as a graph in the DOT language.
func (c packGraphCmd) Run(a *app) error {
	sets, err := packSets(c.Dirs)
	if err != nil {
		return err
	}
	for _, s := range sets {
		if !slices.Contains(s.names, c.Pack) && !slices.Contains(s.test, c.Pack) {
			continue
		}
		cat, faults := catalog.Load(catalog.Options{FS: s.layers, Packs: s.names, NoCity: len(c.Dirs) > 0})
		if len(faults) > 0 {
			return luoshu.Errorf(luoshu.Invalid, "业务包有误，请先 pack check", "the packs are faulty; see pack check first")
		}
		ch, _ := charter.Load(cat)
		return ch.Draw(a.out, c.Pack, c.Case)
	}
	return luoshu.Errorf(luoshu.NotFound, "没有业务包 %s", "there is no pack %s", c.Pack)
}
