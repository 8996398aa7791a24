package movement

// Fail sets what happens at named steps of writing: an accident.
func (m *Mover) Fail(f func(step string) error) { m.fail = f }
