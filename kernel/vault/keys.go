package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"luoshu"
)

// Sizes of keys, in bytes.
const (
	indexSize = 32
	dataSize  = 16
)

// Key is one numbered data key. Made is the day (yyyy-mm-dd) it was made.
type Key struct {
	Number uint32
	Made   string
	Key    []byte
}

// Keys is what a key file holds.
type Keys struct {
	City  string // 32 hexadecimal digits, drawn when the keys were made
	Index []byte
	Data  []Key
}

// wire is a key file as it is written.
type wire struct {
	City  string    `yaml:"city"`
	Index string    `yaml:"index"`
	Data  []wireKey `yaml:"data"`
}

type wireKey struct {
	Number uint32 `yaml:"number"`
	Made   string `yaml:"made"`
	Key    string `yaml:"key"`
}

// Draw makes new keys for a city: a name, an index key and data key 1.
func Draw(mod Module, day time.Time) (*Keys, error) {
	if mod == nil {
		mod = Software{}
	}
	city, index := make([]byte, 16), make([]byte, indexSize)
	if err := errors.Join(mod.Random(city), mod.Random(index)); err != nil {
		return nil, fmt.Errorf("draw keys: %w", err)
	}
	k := &Keys{City: hex.EncodeToString(city), Index: index}
	return k, k.add(mod, day)
}

// add draws another data key, which is the current one from then on.
func (k *Keys) add(mod Module, day time.Time) error {
	n := uint32(1)
	for _, d := range k.Data {
		n = max(n, d.Number+1)
	}
	b := make([]byte, dataSize)
	if err := mod.Random(b); err != nil {
		return fmt.Errorf("draw key: %w", err)
	}
	k.Data = append(k.Data, Key{n, day.UTC().Format(time.DateOnly), b})
	return nil
}

var cityForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// valid refuses keys that cannot be what they should be.
func (k *Keys) valid() error {
	bad := func(zh, en string, args ...any) error {
		e := luoshu.Errorf(luoshu.Unavailable, zh, en, args...)
		e.Msg.ZH, e.Msg.EN = "密钥文件有误："+e.Msg.ZH, "the key file is wrong: "+e.Msg.EN
		return e
	}
	switch {
	case !cityForm.MatchString(k.City):
		return bad("city 应为 32 位十六进制数", "city is not 32 hexadecimal digits")
	case len(k.Index) != indexSize:
		return bad("index 应为 %d 位十六进制数", "index is not %d hexadecimal digits", 2*indexSize)
	case len(k.Data) == 0:
		return bad("没有数据密钥（data）", "there is no data key (data)")
	}
	seen := map[uint32]bool{}
	for _, d := range k.Data {
		switch {
		case d.Number == 0 || d.Number >= 1<<31 || seen[d.Number]:
			return bad("数据密钥的编号 %d 无效或重复", "the number %d of a data key is not valid or stands twice", d.Number)
		case len(d.Key) != dataSize:
			return bad("第 %d 号数据密钥应为 %d 位十六进制数", "data key %d is not %d hexadecimal digits", d.Number, 2*dataSize)
		}
		seen[d.Number] = true
	}
	return nil
}

// parseKeys reads the text of a key file. Errors never quote it.
func parseKeys(b []byte) (*Keys, error) {
	bad := luoshu.Errorf(luoshu.Unavailable, "密钥文件读不懂：应为含 city、index、data 的 YAML；请用备份恢复",
		"the key file cannot be read: it should be YAML with city, index and data; restore it from a backup")
	var w wire
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if d.Decode(&w) != nil {
		return nil, bad
	}
	k := &Keys{City: w.City}
	var err error
	if k.Index, err = hex.DecodeString(w.Index); err != nil {
		return nil, bad
	}
	for _, x := range w.Data {
		key, err := hex.DecodeString(x.Key)
		if err != nil {
			return nil, bad
		}
		k.Data = append(k.Data, Key{x.Number, x.Made, key})
	}
	return k, k.valid()
}

const keysHead = `# 洛书的数据密钥。丢失它，身份证号、电话、住址等就永远打不开；泄露它，加密就形同虚设。
# 请与数据分开保管、单独备份；正式使用时把本文件移出数据目录（city.yaml 中 vault: {file: 路径}），
# 或由密钥管理系统提供（vault: {command: [程序, 参数]}）。换密钥用 luoshu keys rotate，不要手改。
# Keys of Luoshu's data. Without this file ID numbers, telephones, addresses and the like can never be
# opened again; with it anybody can open them. Keep it apart from the data and back it up by itself. In
# production move it out of the data folder (city.yaml, vault: {file: PATH}) or let a key manager hand it
# out (vault: {command: [program, argument]}). New keys are made by luoshu keys rotate, not by hand.
`

func (k *Keys) text() ([]byte, error) {
	w := wire{City: k.City, Index: hex.EncodeToString(k.Index)}
	for _, d := range k.Data {
		w.Data = append(w.Data, wireKey{d.Number, d.Made, hex.EncodeToString(d.Key)})
	}
	b, err := yaml.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return append([]byte(keysHead), b...), nil
}

// Create writes new keys to path, which must not exist yet; only its owner may
// read it.
func Create(path string, mod Module, day time.Time) error {
	if _, err := os.Lstat(path); err == nil {
		return luoshu.Errorf(luoshu.Conflict, "密钥文件 %s 已存在，不会覆盖", "the key file %s exists already and is not replaced", path)
	}
	k, err := Draw(mod, day)
	if err != nil {
		return err
	}
	return k.write(path)
}

// write replaces the file at path: a crash leaves the old one or the new.
func (k *Keys) write(path string) error {
	b, err := k.text()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Config says where the keys are: in a file, or on the output of a command.
type Config struct {
	// File is the key file, relative to the data folder.
	File string `yaml:"file,omitempty"`
	// Command prints the text of a key file; it is given commandPatience.
	Command []string `yaml:"command,omitempty"`
}

// Source is where keys are read from.
type Source struct {
	file    string
	command []string
	fixed   *Keys
}

// Source resolves the config of a data folder; the default is keys.yaml in it.
func (c Config) Source(dir string) (Source, error) {
	switch {
	case c.File != "" && len(c.Command) > 0:
		return Source{}, luoshu.Errorf(luoshu.Invalid, "city.yaml 的 vault 只能写 file 或 command 之一", "vault in city.yaml is either file or command")
	case len(c.Command) > 0:
		return Source{command: c.Command}, nil
	case c.File == "":
		c.File = KeysFile
	}
	if !filepath.IsAbs(c.File) {
		c.File = filepath.Join(dir, c.File)
	}
	return Source{file: c.File}, nil
}

// KeysFile is the name of the key file in a data folder that names no other.
const KeysFile = "keys.yaml"

// File is the path of the key file, "" if the keys come from a command.
func (s Source) File() string { return s.file }

// Ephemeral returns a vault whose keys live as long as the process, for a database
// in memory or one that is thrown away.
func Ephemeral() (*Vault, error) {
	k, err := Draw(nil, time.Time{})
	if err != nil {
		return nil, err
	}
	return Open(Source{fixed: k}, nil)
}

// commandPatience is how long a key command may take.
const commandPatience = 20 * time.Second

// maxKeys bounds the text of a key file.
const maxKeys = 1 << 20

// stamp tells whether a file has changed; "" where that cannot be told.
func (s Source) stamp() string {
	st, err := os.Stat(s.file)
	if s.file == "" || err != nil {
		return ""
	}
	return fmt.Sprint(st.ModTime().UnixNano(), " ", st.Size())
}

func (s Source) read() (*Keys, error) {
	switch {
	case s.fixed != nil:
		return s.fixed, nil
	case s.file != "":
		return readFile(s.file)
	}
	return runCommand(s.command)
}

func readFile(path string) (*Keys, error) {
	fail := func(err error, zh, en string, args ...any) error {
		e := luoshu.Errorf(luoshu.Unavailable, zh, en, args...)
		e.Cause = err
		return e
	}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(nil, "找不到密钥文件 %s，不能打开数据。请恢复它；旧版数据尚无密钥的，先运行 luoshu keys new",
			"the key file %s is missing, so the data are not opened. Restore it; for data of a former release that has no keys yet run luoshu keys new", path)
	}
	if err != nil {
		return nil, fail(err, "读不了密钥文件 %s", "the key file %s cannot be read", path)
	}
	if !st.Mode().IsRegular() || st.Size() > maxKeys {
		return nil, fail(nil, "密钥文件 %s 不是普通文件或过大", "the key file %s is not a regular file, or too large", path)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fail(nil, "密钥文件 %s 的权限是 %04o，别人也能读；请改为 0600（chmod 600）",
			"the key file %s has mode %04o, so that others can read it; make it 0600 (chmod 600)", path, st.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(err, "读不了密钥文件 %s", "the key file %s cannot be read", path)
	}
	return parseKeys(b)
}

func runCommand(command []string) (*Keys, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = time.Second
	out := &bounded{}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		e := luoshu.Errorf(luoshu.Unavailable, "取密钥的命令 %s 失败或超时，不能打开数据",
			"the command %s that hands out the keys failed or took too long, so the data are not opened", command[0])
		e.Cause = err
		return nil, e
	}
	return parseKeys(out.Bytes())
}

// bounded keeps at most maxKeys bytes.
type bounded struct{ bytes.Buffer }

// Write refuses what is too much.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxKeys {
		return 0, errors.New("too much output")
	}
	return b.Buffer.Write(p)
}

// Rotate adds a data key to the file, which values are sealed with from then on,
// and returns its number. Keys of a command are made where the command gets them.
func (v *Vault) Rotate(day time.Time) (uint32, error) {
	return v.edit(func(k *Keys) error { return k.add(v.mod, day) })
}

// Retire takes data keys out of the file. The current one stays. The caller has
// seen to it that nothing uses them.
func (v *Vault) Retire(numbers []uint32) error {
	_, err := v.edit(func(k *Keys) error {
		var left []Key
		for _, d := range k.Data {
			keep := true
			for _, n := range numbers {
				keep = keep && d.Number != n
			}
			if keep {
				left = append(left, d)
			}
		}
		k.Data = left
		return k.valid()
	})
	return err
}

func (v *Vault) edit(change func(*Keys) error) (uint32, error) {
	if v.from.file == "" {
		return 0, luoshu.Errorf(luoshu.Invalid, "密钥由命令 %s 提供；请在密钥管理系统里增删密钥",
			"the keys come from the command %s; make or drop keys in your key manager", strings.Join(v.from.command, " "))
	}
	k, err := v.from.read()
	if err != nil {
		return 0, err
	}
	if err := change(k); err != nil {
		return 0, err
	}
	if err := k.write(v.from.file); err != nil {
		return 0, err
	}
	if err := v.reload(v.from.stamp()); err != nil {
		return 0, err
	}
	return v.Current(), nil
}
