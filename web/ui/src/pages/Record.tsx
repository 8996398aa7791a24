import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { url } from '../api/client'
import type { Column, FileRow, HistoryEntry, RecordDetail } from '../api/types'
import { useApi } from '../api/use'
import { Crumbs, PageHead } from '../components/parts'
import { cellText } from '../lib/cell'
import { Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { day, instant, number } from '../lib/format'
import { useQuery } from '../lib/link'
import { useSession } from '../session'
import { OpenValue, Readers } from './audit/Reveal'
import { CorrectLink, OnRecord } from './correct/OnRecord'
import { SchoolLink } from './places/SchoolLink'
import { Trust } from './verify/Trust'

export default function RecordPage() {
  const { entity = '', rec = '' } = useParams()
  const { t, tx } = useLang()
  const { may } = useSession()
  const [opened, setOpened] = useState(0)
  const { data, error, reload } = useApi<RecordDetail>(
    `/api/records/${encodeURIComponent(entity)}/${encodeURIComponent(rec)}`,
  )
  const label = tx(data?.label)
  useTitle(label, tx(data?.title), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const columns = data.columns ?? []
  return (
    <div className="page record">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('reg.title'), to: '/records' },
              { title: tx(data.title), to: `/records/${entity}` },
              { title: label },
            ]}
          />
        }
        title={label}
        lead={
          <span className="record-state">
            {data.current === false && (
              <span className="tag" data-state="not_met">
                {t('rec.closed')}
              </span>
            )}
            <span className={data.stale ? 'fresh stale' : data.verified ? 'fresh' : 'fresh never'}>
              {data.verified ? t('rec.verifiedOn', { date: day(data.verified) }) : t('rec.never')}
            </span>
            {data.stale ? t('rec.stale') : data.verified ? t('rec.fresh') : ''}
          </span>
        }
      >
        <SchoolLink entity={entity} values={data.values} />
        {data.current !== false && <CorrectLink entity={entity} rec={rec} />}
      </PageHead>
      {data.current !== false && (
        <OnRecord entity={entity} rec={rec} title={(f) => tx(columns.find((c) => c.name === f)?.title) || f} />
      )}
      <div className="two record-body">
        <div>
          <Fields data={data} columns={columns} onOpened={() => setOpened((n) => n + 1)} />
          <Trust entity={entity} rec={data.rec} />
          {(data.related ?? []).length > 0 && (
            <section aria-labelledby="related">
              <h2 id="related">{t('rec.related')}</h2>
              <ul className="related">
                {data.related?.map((r) => (
                  <li key={r.entity + r.field}>
                    <Link to={url(`/records/${r.entity}`, { filter: r.value ? `${r.field}:${r.value}` : null })}>
                      {tx(r.title)} <span className="num">{number(r.total) + (r.total_capped ? '+' : '')}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {may('reveal') && data.current !== false && <Readers entity={entity} rec={data.rec} turn={opened} />}
        </div>
        <section aria-labelledby="history" className="history">
          <h2 id="history">{t('rec.history')}</h2>
          <ol>
            {(data.history ?? []).map((h, i, all) => (
              <Version key={h.seq} entity={entity} version={h} before={all[i + 1]} columns={columns} open={i === 0} />
            ))}
          </ol>
        </section>
      </div>
    </div>
  )
}

const sensitivities = ['public', 'internal', 'personal', 'sensitive'] as const

function Fields({ data, columns, onOpened }: { data: RecordDetail; columns: Column[]; onOpened: () => void }) {
  const { t, tx } = useLang()
  const { may } = useSession()
  const [all, setAll] = useState(false)
  const links = new Map((data.links ?? []).map((l) => [l.field, l]))
  const isEmpty = (c: Column) => cellText(data, c.name, tx) === '—'
  const blank = columns.filter(isEmpty).length
  return (
    <section aria-labelledby="fields">
      <div className="section-head">
        <h2 id="fields">{t('rec.fields')}</h2>
        {blank > 0 && (
          <button type="button" className="text-button" onClick={() => setAll((a) => !a)}>
            {all ? t('rec.hideEmpty') : t('rec.showEmpty', { n: blank })}
          </button>
        )}
      </div>
      <dl className="fields">
        {columns
          .filter((c) => all || !isEmpty(c))
          .map((c) => {
            const text = cellText(data, c.name, tx)
            const l = links.get(c.name)
            const sens = sensitivities.find((s) => s === c.sensitivity)
            return (
              <div key={c.name}>
                <dt
                  title={[tx(c.note), c.source ? t('rec.sourceOf', { source: c.source }) : '']
                    .filter(Boolean)
                    .join('\n')}
                >
                  {tx(c.title)}
                  {sens && (sens === 'personal' || sens === 'sensitive') && (
                    <span className="sens" data-s={sens}>
                      {t(`sens.${sens}`)}
                    </span>
                  )}
                </dt>
                <dd>
                  {text === '—' ? (
                    <span className="muted">{t('rec.empty')}</span>
                  ) : l ? (
                    <Link to={`/records/${l.entity}/${l.rec}`}>{tx(l.label) || text}</Link>
                  ) : (
                    <span className={c.type === 'int' || c.type === 'decimal' ? 'num' : ''}>{text}</span>
                  )}
                  {text !== '—' && tx(c.unit) && <span className="unit"> {tx(c.unit)}</span>}
                  {text !== '—' &&
                    (c.type === 'code' || c.type === 'ref') &&
                    !c.masked &&
                    text !== String(data.values[c.name]) && (
                      <span className="mono code"> {String(data.values[c.name] ?? '')}</span>
                    )}
                  {c.masked && (
                    <abbr className="mask" title={t('rec.maskedWhy')}>
                      {t('rec.masked')}
                    </abbr>
                  )}
                  {c.masked && text !== '—' && data.current !== false && may('reveal') && (
                    <OpenValue entity={data.entity} rec={data.rec} column={c} onOpened={onOpened} />
                  )}
                </dd>
              </div>
            )
          })}
      </dl>
    </section>
  )
}

/** One version: who, when, why, from which row of which file, and what it changed. */
function Version({
  entity,
  version: v,
  before,
  columns,
  open,
}: {
  entity: string
  version: HistoryEntry
  before: HistoryEntry | undefined
  columns: Column[]
  open: boolean
}) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const changed = (v.changed ?? []).map((n) => columns.find((c) => c.name === n)).filter((c): c is Column => !!c)
  const shown = values.row === String(v.seq)
  return (
    <li className={open ? 'version latest' : 'version'}>
      <p className="version-head">
        <strong>{before ? t('rec.changedN', { n: changed.length }) : t('rec.first')}</strong>
        <span className="mono">{t('rec.version', { seq: v.seq })}</span>
      </p>
      <p className="version-who">
        <time dateTime={v.at}>{instant(v.at)}</time> · {v.actor}
        {v.reason && <> · {v.reason}</>}
      </p>
      {before && changed.length > 0 && (
        <table className="changes">
          <tbody>
            {changed.map((c) => (
              <tr key={c.name}>
                <th scope="row">{tx(c.title)}</th>
                <td>
                  <del>{cellText(before, c.name, tx)}</del>
                </td>
                <td>
                  <ins>{cellText(v, c.name, tx)}</ins>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="version-source">
        <em>{t('rec.source')}</em>{' '}
        {v.source?.file ? (
          <>
            <span className="file">{v.source.name || v.source.file.slice(0, 12)}</span>{' '}
            {v.source.row ? t('rec.fileRow', { row: v.source.row }) : ''}{' '}
            {v.source.row ? (
              <button
                type="button"
                className="text-button"
                aria-expanded={shown}
                onClick={() => set({ row: shown ? null : v.seq }, true)}
              >
                {shown ? t('rec.hideRow') : t('rec.showRow')}
              </button>
            ) : null}
          </>
        ) : (
          t('rec.noFile')
        )}
      </p>
      {v.ended ? <p className="version-ended">{t('rec.endedBy', { seq: v.ended })}</p> : null}
      {shown && v.source?.file && v.source.row ? (
        <HandedIn sha={v.source.file} row={v.source.row} entity={entity} />
      ) : null}
    </li>
  )
}

/** The row as it was handed in. */
export function HandedIn({ sha, row, entity, at }: { sha: string; row: number; entity: string; at?: string }) {
  const { t } = useLang()
  const { data, error, reload } = useApi<FileRow>(at ?? url(`/api/files/${sha}/rows/${row}`, { entity }))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={3} />
  return (
    <div className="handed-in">
      <p>
        <em>{t('rec.asHandedIn')}</em> <span className="file">{data.name}</span>
        {data.sheet && <> · {t('rec.sheet', { sheet: data.sheet })}</>} · {t('rec.fileRow', { row: data.row })}
        <br />
        <span className="mono sha">SHA-256 {sha}</span>
      </p>
      <div className="scroll-x">
        <table className="sheet">
          <thead>
            <tr>
              <th aria-hidden="true" />
              {(data.headers ?? []).map((h, i) => (
                <th scope="col" key={i}>
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{data.row}</th>
              {(data.cells ?? []).map((c, i) => (
                <td key={i}>{c}</td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
    </div>
  )
}
