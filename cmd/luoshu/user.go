package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Add an account, with a grant if --role is given; prints its first password."`
	Reset   userResetCmd   `cmd:"" help:"Give an account a first password anew; --factors also drops its second factors."`
	Disable userDisableCmd `cmd:"" help:"Close an account and end its sessions."`
	Enable  userEnableCmd  `cmd:"" help:"Open a closed or unused account again."`
	Grant   userGrantCmd   `cmd:"" help:"Give an account a role at an organisation."`
	Revoke  userRevokeCmd  `cmd:"" help:"End a grant."`
	List    userListCmd    `cmd:"" help:"List accounts with their grants."`
}

// users opens the city for work on accounts; what sessions still owe is stored.
func (a *app) users(dir string, do func(*city.City) error) error {
	return a.with(dir, func(ct *city.City) error {
		return errors.Join(do(ct), ct.Access.Sync(a.ctx))
	})
}

type userAddCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Name   string `required:"" help:"Sign-in name."`
	Role   string `help:"Role of a first grant (see the packs' access.yaml)."`
	Org    string `help:"Organisation of the first grant."`
	ZH     string `name:"title-zh" help:"Name shown, Chinese."`
	EN     string `name:"title-en" help:"Name shown, English."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run adds the account. The password is printed once and must be changed at the
// first sign-in.
func (c userAddCmd) Run(a *app) error {
	if (c.Role == "") != (c.Org == "") {
		return luoshu.Errorf(luoshu.Invalid, "--role 与 --org 须一起写", "--role and --org go together")
	}
	return a.users(c.Data, func(ct *city.City) error {
		if c.Role != "" && ct.Catalog.Role(c.Role) == nil {
			return luoshu.Errorf(luoshu.Invalid, "没有角色 %s", "there is no role %s", c.Role)
		}
		password, err := ct.Access.AddAccount(a.ctx, operator(), c.Name, luoshu.Text{ZH: c.ZH, EN: c.EN})
		if err != nil {
			return err
		}
		grant := ""
		if c.Role != "" {
			if grant, err = ct.Access.Give(a.ctx, operator(), access.GrantRequest{Account: c.Name, Role: c.Role, Org: c.Org, Reason: "luoshu user add"}); err != nil {
				return err
			}
		}
		return a.password(c.Output, c.Name, password, grant)
	})
}

// password prints a first password, the only time it is shown.
func (a *app) password(form, name, password, grant string) error {
	if form == "json" {
		out := map[string]string{"name": name, "password": password}
		if grant != "" {
			out["grant"] = grant
		}
		return a.json(out)
	}
	_, err := fmt.Fprintf(a.out, "%s  first password 初始口令: %s\n", name, password)
	return err
}

type userResetCmd struct {
	Data    string `required:"" type:"path" help:"Data folder."`
	Factors bool   `help:"Also drop the account's second factors (a lost phone)."`
	Output  string `short:"o" enum:"text,json" default:"text" help:"text or json."`
	Name    string `arg:"" help:"Account."`
}

// Run resets the password and ends the account's sessions.
func (c userResetCmd) Run(a *app) error {
	return a.users(c.Data, func(ct *city.City) error {
		password, err := ct.Access.Reset(a.ctx, operator(), c.Name)
		if err == nil && c.Factors {
			err = ct.Access.ResetFactors(a.ctx, operator(), c.Name)
		}
		if err != nil {
			return err
		}
		return a.password(c.Output, c.Name, password, "")
	})
}

type userDisableCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
	Name string `arg:"" help:"Account."`
}

// Run closes the account. A running server follows within a minute.
func (c userDisableCmd) Run(a *app) error {
	return a.users(c.Data, func(ct *city.City) error { return ct.Access.SetDisabled(a.ctx, operator(), c.Name, true) })
}

type userEnableCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
	Name string `arg:"" help:"Account."`
}

// Run opens the account again.
func (c userEnableCmd) Run(a *app) error {
	return a.users(c.Data, func(ct *city.City) error { return ct.Access.SetDisabled(a.ctx, operator(), c.Name, false) })
}

type userGrantCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Role   string `required:"" help:"Role."`
	Org    string `required:"" help:"Organisation."`
	From   string `help:"First day, yyyy-mm-dd."`
	To     string `help:"Last day, yyyy-mm-dd."`
	Reason string `required:"" help:"Why."`
	Name   string `arg:"" help:"Account."`
}

// Run gives the grant and prints its id.
func (c userGrantCmd) Run(a *app) error {
	from, err := parseDate(c.From)
	if err != nil {
		return err
	}
	to, err := parseDate(c.To)
	if err != nil {
		return err
	}
	return a.users(c.Data, func(ct *city.City) error {
		id, err := ct.Access.Give(a.ctx, operator(), access.GrantRequest{Account: c.Name, Role: c.Role, Org: c.Org, From: from, To: to, Reason: c.Reason})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, id)
		return err
	})
}

type userRevokeCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Reason string `required:"" help:"Why."`
	Grant  string `arg:"" help:"Grant (see luoshu user list)."`
}

// Run ends the grant at once.
func (c userRevokeCmd) Run(a *app) error {
	return a.users(c.Data, func(ct *city.City) error { return ct.Access.End(a.ctx, operator(), c.Grant, c.Reason) })
}

type userListCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Query  string `arg:"" optional:"" help:"Part of a name."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run lists accounts, 500 at most.
func (c userListCmd) Run(a *app) error {
	return a.users(c.Data, func(ct *city.City) error {
		list, total, err := ct.Access.Accounts(a.ctx, operator(), c.Query, 0, 500)
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(map[string]any{"total": total, "accounts": list})
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, x := range list {
			state := "open"
			switch {
			case x.Disabled:
				state = "closed"
			case x.Unused:
				state = "unused"
			}
			var grants []string
			for _, g := range x.Grants {
				if g.Holds {
					grants = append(grants, g.ID+" "+g.Role+" "+g.Org)
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Name, x.Display.ZH, state, strings.Join(grants, "; "))
		}
		return w.Flush()
	})
}
