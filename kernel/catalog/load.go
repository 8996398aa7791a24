package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// Options says which packs to load and from where.
type Options struct {
	FS     []fs.FS  // each holds pack folders; a later one replaces a folder of the same name
	Packs  []string // empty: every folder; packs they need are pulled in
	NoCity bool     // no pack with a city block is needed (to check a pack alone)
}

// The passes in which references are resolved after every file is read.
const (
	passFields = iota // entities and parameters
	passGrains        // rules and grains
	passFigures
	passRest // what names indicators
	passes
)

// loader carries one load through.
type loader struct {
	yamltree.Faults
	cat       *Catalog
	later     [passes][]func()
	where     map[any]yamltree.Place // where entities, lists, parameters… were declared
	places    map[string]yamltree.Place
	cities    []yamltree.Place
	rows      map[*Entity]*rule.Env
	grainEnvs map[*Grain]*rule.Env
}

// Load reads packs into a catalog. All faults of all files are returned at once,
// sorted by file and line; with any fault the catalog is nil. Entities, rules and
// the rest stand in the order of their packs (a needed pack first), files and
// lines.
func Load(o Options) (*Catalog, []Fault) {
	l := &loader{
		cat: &Catalog{
			entities: map[string]*Entity{}, lists: map[string]*CodeList{}, parameters: map[string]*Parameter{},
			grains: map[string]*Grain{}, indicators: map[string]*Indicator{}, roles: map[string]*Role{},
		},
		where: map[any]yamltree.Place{}, places: map[string]yamltree.Place{}, rows: map[*Entity]*rule.Env{}, grainEnvs: map[*Grain]*rule.Env{},
	}
	folders := l.find(o.FS, len(o.Packs) == 0)
	sum := sha256.New()
	for _, f := range l.order(folders, o.Packs) {
		l.read(f, sum)
	}
	l.rest()
	l.containing()
	for i := range l.later {
		for _, f := range l.later[i] {
			f()
		}
	}
	switch {
	case len(l.cities) == 0 && !o.NoCity:
		l.Add(yamltree.Place{}, "没有一个包带 city 块；请加上城市包", "no pack has a city block; add the pack of a city")
	case len(l.cities) > 1:
		for _, at := range l.cities[1:] {
			l.Add(at, "已有另一个包带 city 块", "another loaded pack has a city block too")
		}
	}
	if faults := l.Sorted(); len(faults) > 0 {
		return nil, faults
	}
	l.cat.Version = hex.EncodeToString(sum.Sum(nil))
	return l.cat, nil
}

// LoadFS loads the named packs (none: all) of one file system without asking for
// a city.
func LoadFS(fsys fs.FS, names ...string) (*Catalog, []Fault) {
	return Load(Options{FS: []fs.FS{fsys}, Packs: names, NoCity: true})
}

// on puts off a check until every file is read.
func (l *loader) on(pass int, f func()) { l.later[pass] = append(l.later[pass], f) }

// once reports whether the thing is declared for the first time.
func (l *loader) once(kind Text, id string, at yamltree.Place) bool {
	if id == "" {
		return false
	}
	key := kind.EN + " " + id
	if before, ok := l.places[key]; ok {
		l.Add(at, "%s %s 已在 %s 第 %d 行定义", "%s %s is already defined in %s, line %d", kind, id, before.File, before.Line)
		return false
	}
	l.places[key] = at
	return true
}

// folder is a pack folder before it is read.
type folder struct {
	name string
	fs   fs.FS
	head *yamltree.Object // pack.yaml
	pack *Pack
}

// find lists the pack folders of all file systems; later ones win. With all, a
// folder that looks like a pack but has no pack.yaml is a fault.
func (l *loader) find(list []fs.FS, all bool) map[string]*folder {
	out := map[string]*folder{}
	for _, f := range list {
		entries, err := fs.ReadDir(f, ".")
		if err != nil {
			l.Add(yamltree.Place{}, "无法读取包文件夹：%s", "cannot read the folder of packs: %s", err)
			continue
		}
		for _, e := range entries {
			if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if _, err := fs.Stat(f, path.Join(e.Name(), "pack.yaml")); err == nil {
				out[e.Name()] = &folder{name: e.Name(), fs: f}
			} else if yamls, _ := fs.Glob(f, e.Name()+"/*.yaml"); all && len(yamls) > 0 {
				l.Add(yamltree.Place{File: e.Name()}, "文件夹里没有 pack.yaml", "the folder has no pack.yaml")
			}
		}
	}
	return out
}

// order puts the wanted packs and what they need in order, needed ones first.
func (l *loader) order(folders map[string]*folder, want []string) []*folder {
	if len(want) == 0 {
		for n := range folders {
			want = append(want, n)
		}
		slices.Sort(want)
	}
	var out []*folder
	state := map[string]int{} // 1 being visited, 2 done
	var visit func(name string, at yamltree.Place)
	visit = func(name string, at yamltree.Place) {
		switch state[name] {
		case 1:
			l.Add(at, "包 %s 绕一圈又需要自己", "the pack %s needs itself in a circle", name)
			return
		case 2:
			return
		}
		f := folders[name]
		if f == nil {
			l.Add(at, "没有名为 %s 的包", "there is no pack %s", name)
			return
		}
		state[name] = 1
		f.head = yamltree.Read(&l.Faults, f.fs, path.Join(name, "pack.yaml")).Object()
		needs := f.head.Get("needs")
		for _, n := range needs.Items() {
			if s := n.Str(); s != "" {
				visit(s, n.Place())
			}
		}
		state[name] = 2
		out = append(out, f)
	}
	for _, n := range want {
		visit(n, yamltree.Place{})
	}
	return out
}

// read reads every file of a pack in order and adds what counts to the hash.
func (l *loader) read(f *folder, sum io.Writer) {
	f.pack = l.pack(f)
	l.cat.Packs = append(l.cat.Packs, f.pack)
	var files []string
	err := fs.WalkDir(f.fs, f.name, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files = append(files, p)
		return nil
	})
	if err != nil {
		l.Add(yamltree.Place{File: f.name}, "无法读取包：%s", "cannot read the pack: %s", err)
	}
	slices.Sort(files)
	for _, p := range files {
		reader := l.reader(strings.TrimPrefix(p, f.name+"/"))
		if reader == nil {
			continue
		}
		f.pack.Files = append(f.pack.Files, p)
		data, ok := l.ReadFile(f.fs, p)
		if !ok {
			continue
		}
		fmt.Fprintf(sum, "%s %d\n", p, len(data))
		_, _ = sum.Write(data)
		reader(f, p, data)
	}
}

// charters are the files that other rooms read, once the catalog is whole:
// kernel/charter the first six, kernel/workday, kernel/duty, kernel/target and
// kernel/run the others.
var charters = []string{
	"sources.yaml", "setrules.yaml", "rounds.yaml", "identity.yaml", "movement.yaml", "cases.yaml",
	"calendar.yaml", "duties.yaml", "targets.yaml", "runs.yaml",
}

// reader says how a file of a pack is read; nil for files that are not read.
func (l *loader) reader(rel string) func(f *folder, p string, data []byte) {
	doc := func(read func(f *folder, o *yamltree.Object)) func(*folder, string, []byte) {
		return func(f *folder, p string, data []byte) {
			if v := yamltree.Parse(&l.Faults, p, data); v.Given() {
				o := v.Object()
				read(f, o)
				o.Done()
			}
		}
	}
	dir, base := path.Split(rel)
	ext := path.Ext(base)
	switch {
	case rel == "pack.yaml":
		return func(*folder, string, []byte) {} // read first, in order
	case rel == "rules.yaml":
		return doc(l.rules)
	case rel == "access.yaml":
		return doc(l.roles)
	case rel == "parameters.yaml":
		return doc(l.parameters)
	case rel == "plan.yaml":
		return doc(l.plan)
	case rel == "indicators.yaml", dir == "indicators/" && ext == ".yaml":
		return doc(l.indicators)
	case dir == "entities/" && ext == ".yaml":
		return doc(l.entity)
	case dir == "codes/" && ext == ".csv":
		return l.codes
	case rel == "oneroster.yaml":
		return doc(l.rosters)
	case rel == "map.geojson":
		return l.boundaries
	case slices.Contains(charters, rel):
		return func(f *folder, p string, data []byte) {
			l.cat.Charters = append(l.cat.Charters, Charter{Pack: f.name, Name: rel, File: p, Data: data})
		}
	case dir == "tests/" && ext == ".yaml", ext == ".md", strings.HasPrefix(rel, "data/"):
		return nil
	}
	return func(_ *folder, p string, _ []byte) {
		l.Add(yamltree.Place{File: p}, "包里不认识这个文件：放错了地方，或名称写错", "a pack has no such file: it is in the wrong place or its name is misspelt")
	}
}
