import type { Key } from '../../i18n/dict'
import type { Counts } from '../../api/verify'

export const roundState: Record<string, Key> = {
  open: 'ver.state.open',
  checking: 'ver.state.checking',
  closed: 'ver.state.closed',
}

export const unitState: Record<string, Key> = {
  answered: 'ver.us.answered',
  open: 'ver.us.open',
  overdue: 'ver.us.overdue',
}

/** The marks of a unit's state: a shape as well as a colour. */
export const unitMark: Record<string, string> = { answered: 'met', open: 'no_target', overdue: 'not_met' }

export const answerWord: Record<string, Key> = {
  confirm: 'ver.confirmed',
  correct: 'ver.corrected',
  dispute: 'ver.disputed',
  cannot: 'ver.cannot',
  gone: 'ver.gone',
  open: 'ver.open',
}

export const answerMark: Record<string, string> = {
  confirm: 'met',
  correct: 'no_target',
  dispute: 'not_met',
  cannot: 'not_met',
  gone: 'no_data',
  open: 'no_data',
}

export const severityWord: Record<string, Key> = {
  enforce: 'ver.sev.enforce',
  warn: 'ver.sev.warn',
  detect: 'ver.sev.detect',
}

export const severityMark: Record<string, string> = { enforce: 'not_met', warn: 'no_target', detect: 'no_data' }

export const findingState: Record<string, Key> = {
  open: 'ver.fs.open',
  explained: 'ver.fs.explained',
  resolved: 'ver.fs.resolved',
}

/** The counts of a round in the order they are shown. */
export const countColumns: [keyof Counts, Key][] = [
  ['total', 'ver.records'],
  ['confirmed', 'ver.confirmed'],
  ['corrected', 'ver.corrected'],
  ['disputed', 'ver.disputed'],
  ['cannot', 'ver.cannot'],
  ['gone', 'ver.gone'],
  ['open', 'ver.open'],
]
