package catalog

// Numbers that contain an identity number. A pack says so of the key; references to
// it follow. Whoever may not see the class sensitive sees them masked, whatever the
// class the pack gives the field.

// idChecks are the identifier checks that no masked number passes.
var idChecks = []string{"cn_id", "student_no"}

// Class is the class that decides who sees the field's values.
func (f *Field) Class() Sensitivity {
	if f.Contains != "" && f.Sensitivity < Sensitive {
		return Sensitive
	}
	return f.Sensitivity
}

// containing marks the references to numbers that contain an identity number, once
// every entity is read. References may lead on from key to key.
func (l *loader) containing() {
	for more := true; more; {
		more = false
		for _, e := range l.cat.Entities {
			for _, f := range e.Fields {
				to := l.cat.entities[f.Ref]
				if f.Contains != "" || f.Type != TypeRef || to == nil || len(to.Key) != 1 || to.fields[to.Key[0]] == nil || to.fields[to.Key[0]].Contains == "" {
					continue
				}
				f.Contains, more = to.fields[to.Key[0]].Contains, true
				if f.Loose {
					l.Add(l.where[f], "引用 %s 指向含身份证号的键，不能写 loose", "the reference %s leads to a key that contains an identity number and cannot be loose", f.Name)
				}
			}
		}
	}
}
