import { useState } from 'react'
import { Button, Input, Popconfirm } from 'antd'
import { Link, useParams } from 'react-router'
import { post } from '../../api/client'
import type { Pair, Side } from '../../api/identity'
import type { Column } from '../../api/types'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { cellText } from '../../lib/cell'
import { instant } from '../../lib/format'
import { FormError, useDoing } from '../account/parts'
import { Evidences, Likely } from './parts'

/** Two records side by side, and the decision. */
export default function PairPage() {
  const { id = '' } = useParams()
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<Pair>(`/api/duplicates/${encodeURIComponent(id)}`, true)
  useTitle(t('dup.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const again = () => {
    forgetAnswers()
    reload()
  }
  return (
    <div className="page dup">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('nav.work'), to: '/work' },
              { title: t('dup.title'), to: '/work/duplicates' },
              { title: tx(data.title) },
            ]}
          />
        }
        title={`${data.left.label} ⇄ ${data.right.label}`}
        lead={<Likely pair={data} />}
      />
      <Evidences pair={data} />
      <Both pair={data} again={again} />
    </div>
  )
}

function Both({ pair, again }: { pair: Pair; again: () => void }) {
  const { t } = useLang()
  const waits = pair.state === 'open' || pair.state === 'unsure'
  const [keep, setKeep] = useState(pair.survivor || pair.a)
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  const decide = (decision: string) =>
    run(async () => {
      await post(`/api/duplicates/${pair.id}/decide`, { decision, survivor: keep, note, revision: pair.revision })
      setNote('')
      again()
    })
  return (
    <>
      <Table pair={pair} keep={waits ? keep : (pair.survivor ?? 0)} onKeep={waits ? setKeep : null} />
      {pair.by && (
        <p className="muted">
          {t(`dup.state.${pair.state}`)} · {t('dup.decided', { who: pair.by, when: instant(pair.at) })}
          {pair.note && ` · ${pair.note}`}
        </p>
      )}
      {(waits || pair.state === 'merged') && (
        <section className="dup-decide">
          <label htmlFor="dup-note">{t('dup.why')}</label>
          <Input.TextArea id="dup-note" autoSize={{ minRows: 2 }} maxLength={500} value={note} onChange={(e) => setNote(e.target.value)} />
          <div className="row-tools">
            {waits ? (
              <>
                <Popconfirm title={t('dup.sure')} description={t('dup.mergeHint')} onConfirm={() => void decide('same')}>
                  <Button type="primary" disabled={busy}>
                    {t('dup.same')}
                  </Button>
                </Popconfirm>
                <Button disabled={busy} onClick={() => void decide('different')}>
                  {t('dup.different')}
                </Button>
                <Button disabled={busy || !note.trim()} onClick={() => void decide('unsure')}>
                  {t('dup.unsure')}
                </Button>
              </>
            ) : (
              <Button
                danger
                disabled={busy || !note.trim()}
                onClick={() =>
                  void run(async () => {
                    await post(`/api/duplicates/${pair.id}/unmerge`, { note })
                    setNote('')
                    again()
                  })
                }
              >
                {t('dup.unmerge')}
              </Button>
            )}
          </div>
          <FormError text={error} />
        </section>
      )}
    </>
  )
}

function Table({ pair, keep, onKeep }: { pair: Pair; keep: number; onKeep: ((rec: number) => void) | null }) {
  const { t, tx } = useLang()
  const columns = (pair.columns ?? []).filter((c) => value(pair.left, c, tx) !== '—' || value(pair.right, c, tx) !== '—')
  const both = pair.left.row && pair.right.row
  return (
    <table className="dup-table">
      <thead>
        <tr>
          <th scope="col">{t('dup.field')}</th>
          {[pair.left, pair.right].map((s) => (
            <th key={s.rec} scope="col" data-kept={keep === s.rec}>
              {s.inside ? <Link to={`/records/${pair.entity}/${s.rec}`}>{s.label}</Link> : s.label}
              <span className="muted">{tx(s.org_title) || s.org}</span>
              {s.gone ? (
                <span className="muted">{t('dup.goneSide')}</span>
              ) : onKeep ? (
                <label>
                  <input type="radio" name="keep" checked={keep === s.rec} onChange={() => onKeep(s.rec)} /> {t('dup.keep')}
                </label>
              ) : (
                keep === s.rec && <span className="tag">{t('dup.kept')}</span>
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {columns.map((c) => {
          const a = value(pair.left, c, tx)
          const b = value(pair.right, c, tx)
          return (
            <tr key={c.name} data-differs={Boolean(both) && a !== b}>
              <th scope="row">{tx(c.title)}</th>
              <td>{pair.left.row ? a : ''}</td>
              <td>{pair.right.row ? b : ''}</td>
            </tr>
          )
        })}
        {(!pair.left.inside || !pair.right.inside) && (
          <tr>
            <td colSpan={3} className="muted">
              {t('dup.outside')}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

function value(s: Side, c: Column, tx: (w: never) => string): string {
  return s.row ? cellText(s.row, c.name, tx as Parameters<typeof cellText>[2]) : '—'
}
