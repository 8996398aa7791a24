package main

import (
	"fmt"

	"luoshu/kernel/city"
)

// keysCmd is the keys that data are sealed with.
type keysCmd struct {
	Show   keysShowCmd   `cmd:"" help:"List the keys by number and date. Key material is never printed."`
	Rotate keysRotateCmd `cmd:"" help:"Make a new data key, seal everything with it while the server runs, and retire the old ones. May be interrupted and run again."`
	New    keysNewCmd    `cmd:"" help:"Make the key file of a data folder of a former release, which has none yet."`
}

type keysShowCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// keyLine is one key as it is shown.
type keyLine struct {
	Number  uint32 `json:"number"`
	Made    string `json:"made"`
	Current bool   `json:"current"`
}

// Run lists the keys.
func (c keysShowCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		v := ct.DB.Vault()
		list := []keyLine{}
		for _, k := range v.Numbers() {
			list = append(list, keyLine{k.Number, k.Made, k.Number == v.Current()})
		}
		if c.Output == "json" {
			return a.json(map[string]any{"city": v.City(), "keys": list})
		}
		fmt.Fprintf(a.out, "city %s\n", v.City())
		for _, k := range list {
			mark := ""
			if k.Current {
				mark = " 使用中 current"
			}
			fmt.Fprintf(a.out, "key %d, %s%s\n", k.Number, k.Made, mark)
		}
		return nil
	})
}

type keysRotateCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run rotates the keys.
func (c keysRotateCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		// Several keys are a rotation that was interrupted, or a key that the key
		// manager made: that one is finished first.
		v := ct.DB.Vault()
		fresh := !v.Managed() && len(v.Numbers()) == 1
		r, err := ct.Rotate(a.ctx, fresh, a.now(), a.progress("keys"))
		a.endProgress()
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(r)
		}
		_, err = fmt.Fprintf(a.out, "key %d: %d rows, %d texts, %d files sealed anew; retired %v\n", r.Key, r.Rows, r.Texts, r.Files, r.Retired)
		return err
	})
}

type keysNewCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
}

// Run makes the keys of a data folder that has none.
func (c keysNewCmd) Run(a *app) error {
	if err := city.NewKeys(c.Data, a.now()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, "已生成密钥文件；请与数据分开备份。 The key file is made; back it up apart from the data.")
	return err
}
