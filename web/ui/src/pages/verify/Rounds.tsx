import { Link } from 'react-router'
import { post, url } from '../../api/client'
import { forgetAnswers, useApi } from '../../api/use'
import type { RoundEntry, RoundKind, Rounds as Answer, SourcedNumber } from '../../api/verify'
import { Certainty, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { Sure } from '../../components/Sure'
import { useLang, useTitle } from '../../i18n'
import { day, plain } from '../../lib/format'
import { useSession } from '../../session'
import { CountStrip, Mark } from './parts'
import { roundState } from './words'

const mark: Record<string, string> = { open: 'no_target', checking: 'no_target', closed: 'met' }

/** The rounds of verification: those that were opened, and those that can be. */
export default function Rounds() {
  const { t } = useLang()
  const { may } = useSession()
  const { data, error, reload } = useApi<Answer>('/api/verify/rounds')
  useTitle(t('ver.rounds'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  return (
    <div className="page">
      <PageHead title={t('ver.rounds')} lead={t('ver.roundsLead')} />
      {data.rounds.length ? (
        <ul className="ver-list">
          {data.rounds.map((r) => (
            <Entry key={r.id} round={r} />
          ))}
        </ul>
      ) : (
        <p className="muted ver-gap">{t('ver.none')}</p>
      )}
      <section aria-labelledby="kinds">
        <h2 id="kinds">{t('ver.kinds')}</h2>
        <ul className="ver-kinds">
          {data.kinds.map((k) => (
            <Kind key={k.id} kind={k} year={data.year} may={may('rounds')} onDone={reload} />
          ))}
        </ul>
      </section>
    </div>
  )
}

function Entry({ round: r }: { round: RoundEntry }) {
  const { t, tx } = useLang()
  const { session } = useSession()
  const whole = session?.user?.org === session?.city.root
  return (
    <li>
      <p className="ver-head">
        <Link to={url(`/verify/rounds/${r.id}`, { by: whole ? r.spot_level : null })}>
          <strong>{tx(r.title)}</strong>
        </Link>
        <span className="num">{r.year}</span>
        <Mark word={roundState[r.state] ?? 'ver.state.open'} mark={mark[r.state] ?? ''} />
        <span className="muted">
          {tx(r.org.title)} · {t('ver.due', { date: day(r.due) })}
        </span>
      </p>
      <CountStrip counts={r.counts} />
      <p className="muted">
        {t('ver.unitsAnswered', { n: r.answered })}
        {r.waiting > 0 && ` · ${t('ver.unitsWaiting', { n: r.waiting })}`}
        {r.late > 0 && <span className="bad"> · {t('ver.unitsLate', { n: r.late })}</span>}
      </p>
    </li>
  )
}

function Kind({ kind: k, year, may, onDone }: { kind: RoundKind; year: number; may: boolean; onDone: () => void }) {
  const { t, tx } = useLang()
  const two = (n: number) => String(n).padStart(2, '0')
  return (
    <li>
      <div className="ver-head">
        <strong>{tx(k.title)}</strong>
        <span className="muted">
          {t('ver.opensOn', { day: `${two(Math.floor(k.opens / 100))}-${two(k.opens % 100)}` })}
        </span>
        {k.opened ? (
          <span className="muted">{t('ver.openedAlready')}</span>
        ) : (
          may && (
            <Sure
              label={t('ver.openNow', { year })}
              text={t('ver.openSure')}
              run={async () => {
                await post('/api/verify/rounds', { round: k.id, year })
                forgetAnswers()
                onDone()
              }}
            />
          )
        )}
      </div>
      <dl className="ver-numbers">
        {k.numbers.map((n, i) => (
          <Number key={i} of={n} />
        ))}
      </dl>
      {k.basis.map((b, i) => (
        <p key={i} className="muted">
          {tx(b.source)} <cite>{b.ref}</cite>
          <Certainty of={b.certainty} />
        </p>
      ))}
    </li>
  )
}

function Number({ of: n }: { of: SourcedNumber }) {
  const { tx } = useLang()
  return (
    <div title={`${tx(n.source)} ${n.ref}`}>
      <dt>{tx(n.title)}</dt>
      <dd>
        <span className="num">{plain(n.value)}</span> {tx(n.unit)}
        <Certainty of={n.certainty} />
      </dd>
    </div>
  )
}
