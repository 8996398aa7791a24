import { useEffect, useMemo, useState } from 'react'
import { Button, Modal, Progress, Table, Tabs, type TableColumnsType } from 'antd'
import { Link, useNavigate, useParams } from 'react-router'
import { ApiError, del, post, url } from '../api/client'
import type { EntityBrief, Fault, Tab, Upload, UploadRow, UploadRows, Verdict, Words } from '../api/types'
import { forgetAnswers, useApi } from '../api/use'
import { Crumbs, PageHead, Pager } from '../components/parts'
import { Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { number } from '../lib/format'
import { useQuery } from '../lib/link'
import { useSession } from '../session'
import { UndoDialog, UploadState } from './Imports'
import { HeldList } from './correct/Held'

const verdicts: Verdict[] = ['new', 'changed', 'unchanged', 'refused']
const limit = 50

export default function UploadPage() {
  const { id = '' } = useParams()
  const { t, tx, problem, lang } = useLang()
  const { may } = useSession()
  const go = useNavigate()
  const { data, error, reload } = useApi<Upload>(`/api/uploads/${encodeURIComponent(id)}`)
  const entities = useApi<EntityBrief[]>('/api/entities')
  const [failed, setFailed] = useState('')
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState<'cancel' | 'undo' | null>(null)
  useTitle(data?.name ?? '', t('imp.title'), t('app.name'))

  const moving = busy || data?.state === 'reading' || data?.state === 'committing'
  useEffect(() => {
    if (!moving) return
    const timer = setInterval(reload, 600)
    return () => clearInterval(timer)
  }, [moving, reload])

  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const r = data.result
  const writable = r ? r.new + r.changed : 0
  const title = tx(data.title) || tx(entities.data?.find((e) => e.name === data.entity)?.title) || data.entity
  const act = async (what: () => Promise<unknown>, after?: () => void) => {
    setBusy(true)
    setFailed('')
    try {
      await what()
      forgetAnswers()
      reload()
      after?.()
    } catch (cause) {
      setFailed(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  const commit = () => void act(() => post(`/api/uploads/${id}/commit`))
  return (
    <div className="page upload">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('imp.title'), to: '/import' }, { title: data.name }]} />}
        title={data.name}
        lead={
          <>
            {title} · <UploadState state={data.state} />
          </>
        }
      >
        {data.state === 'staged' && (
          <>
            <Button onClick={() => setAsking('cancel')}>{t('imp.cancel')}</Button>
            {may('commit') && (
              <Button type="primary" disabled={!writable && !r?.held} loading={busy} onClick={commit}>
                {writable ? t('imp.commit', { n: number(writable) }) : r?.held ? t('cor.heldCommit') : t('imp.nothing')}
              </Button>
            )}
          </>
        )}
        {data.state === 'committed' && data.seq && may('undo') ? (
          <Button danger onClick={() => setAsking('undo')}>
            {t('imp.undo')}
          </Button>
        ) : null}
        {['committed', 'cancelled', 'failed', 'undone'].includes(data.state) && (
          <Link className="plain-button" to={url('/import', { entity: data.entity })}>
            {t('imp.again')}
          </Link>
        )}
      </PageHead>
      {failed && (
        <p className="form-error" role="alert">
          {failed}
        </p>
      )}
      {(data.state === 'reading' || data.state === 'committing') && <Moving upload={data} />}
      {data.error && <p className="failure">{uploadError(data.error, lang, tx)}</p>}
      {data.state === 'committed' && data.seq ? (
        <p className="success" role="status">
          {t('imp.committedAs', { seq: data.seq })} {may('seal') && <Link to="/seals">{t('imp.goSeal')}</Link>}
        </p>
      ) : null}
      {(data.faults ?? []).length > 0 && (
        <section className="file-faults">
          <h2>{t('imp.fileFaults')}</h2>
          <FaultList faults={data.faults ?? []} />
        </section>
      )}
      {r && (
        <>
          <dl className="tally">
            <div>
              <dt>{t('imp.rows')}</dt>
              <dd className="num">{number(r.rows)}</dd>
            </div>
            {verdicts.map((v) => (
              <div key={v} data-verdict={v}>
                <dt>{t(`imp.${v}`)}</dt>
                <dd className="num">{number(r[v])}</dd>
              </div>
            ))}
          </dl>
          {r.refused > 0 && data.state !== 'cancelled' && (
            <div className="refused-hint">
              <p>{t('imp.faultsHint', { n: number(r.refused) })}</p>
              <a className="plain-button" href={`/api/uploads/${id}/faults.xlsx`} download>
                {t('imp.faultsBook')}
              </a>
            </div>
          )}
          {r.held && data.state !== 'cancelled' ? (
            <div className="refused-hint">
              <p>{t(data.state === 'committed' ? 'cor.heldDone' : 'cor.heldHint', { n: number(r.held) })}</p>
            </div>
          ) : null}
          {data.state !== 'reading' && data.state !== 'cancelled' && <Differences id={id} upload={data} />}
        </>
      )}
      {asking === 'cancel' && (
        <Modal
          open
          title={t('imp.cancel')}
          okText={t('imp.cancel')}
          cancelText={t('common.close')}
          onCancel={() => setAsking(null)}
          onOk={() => {
            setAsking(null)
            void act(
              () => del(`/api/uploads/${id}`),
              () => void go('/import'),
            )
          }}
        >
          {t('imp.cancelSure')}
        </Modal>
      )}
      {asking === 'undo' && data.seq ? (
        <UndoDialog
          seq={data.seq}
          onClose={(done) => {
            setAsking(null)
            if (done) {
              forgetAnswers()
              reload()
            }
          }}
        />
      ) : null}
    </div>
  )
}

function uploadError(e: NonNullable<Upload['error']>, lang: string, tx: (w: Words) => string): string {
  if (typeof e === 'object' && 'message_zh' in e) return lang === 'en' ? e.message_en : e.message_zh
  return tx(e)
}

function Moving({ upload }: { upload: Upload }) {
  const { t } = useLang()
  const p = upload.progress
  const share = p && p.total > 0 ? p.done / p.total : null
  return (
    <div className="moving" role="status">
      <span>{upload.state === 'reading' ? t('imp.state.reading') : t('imp.state.committing')}…</span>
      {p && p.total > 0 && (
        <span className="num">{t('imp.doneOf', { done: number(p.done), total: number(p.total) })}</span>
      )}
      <Progress
        percent={share === null ? 100 : Math.min(99, Math.floor(share * 100))}
        status="active"
        showInfo={share !== null}
        size="small"
      />
    </div>
  )
}

export function FaultList({ faults }: { faults: Fault[] }) {
  const { lang, t } = useLang()
  return (
    <ul className="faults">
      {faults.map((f, i) => (
        <li key={i} data-grade={f.grade || 'enforce'}>
          {f.grade === 'warn' && <em>{t('imp.warning')} </em>}
          {lang === 'en' ? f.message_en || f.message_zh : f.message_zh || f.message_en}
          {f.rule && <code> {f.rule}</code>}
        </li>
      ))}
    </ul>
  )
}

function Differences({ id, upload }: { id: string; upload: Upload }) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const r = upload.result
  const first = r?.refused ? 'refused' : r?.changed ? 'changed' : r?.new ? 'new' : 'unchanged'
  const tabs: Tab[] = r?.held ? [...verdicts, 'held'] : verdicts
  const verdict = tabs.find((v) => v === values.verdict) ?? (r?.held && !r.refused ? 'held' : first)
  const offset = Number(values.offset) || 0
  const { data, error, loading, reload } = useApi<UploadRows>(
    url(`/api/uploads/${id}/rows`, { verdict, offset, limit }),
    true,
  )
  const tabName = (v: Tab) => t(v === 'held' ? 'cor.held' : `imp.${v}`)
  const titles = useMemo(() => new Map((data?.columns ?? []).map((c) => [c.name, tx(c.title)])), [data, tx])
  const columns = useMemo<TableColumnsType<UploadRow>>(() => {
    const words = (v: unknown) =>
      v === null || v === undefined || v === '' ? '∅' : typeof v === 'object' ? tx(v as Words) : String(v)
    const faulty = (row: UploadRow) => (row.faults ?? []).length > 0
    const lead: TableColumnsType<UploadRow> = [
      { key: 'row', title: t('imp.row'), dataIndex: 'row', width: 72, align: 'right', className: 'num' },
      { key: 'label', title: t('imp.record'), width: 180, render: (_, row) => tx(row.label) || '—' },
    ]
    const changes: TableColumnsType<UploadRow>[number] = {
      key: 'changes',
      title: t('imp.changes'),
      render: (_, row) => (
        <ul className="cell-changes">
          {(row.changes ?? []).map((c) => (
            <li key={c.field}>
              <em>{titles.get(c.field) || c.field}</em>
              {row.verdict === 'changed' && (
                <>
                  <del>{words(c.before)}</del> →{' '}
                </>
              )}
              <ins>{words(c.after)}</ins>
            </li>
          ))}
        </ul>
      ),
    }
    const faults: TableColumnsType<UploadRow>[number] = {
      key: 'faults',
      title: t('imp.faults'),
      render: (_, row) =>
        faulty(row) ? (
          <ul className="faults">
            {row.faults?.map((f, i) => (
              <li key={i} data-grade={f.grade || 'enforce'}>
                {f.field && <em>{titles.get(f.field) || f.field} </em>}
                <FaultWords fault={f} />
              </li>
            ))}
          </ul>
        ) : null,
    }
    const held: TableColumnsType<UploadRow>[number] = {
      key: 'held',
      title: t('cor.held'),
      render: (_, row) => <HeldList of={row.held ?? []} title={(f) => titles.get(f) || f} />,
    }
    const rows = data?.rows ?? []
    return [
      ...lead,
      ...(rows.some((x) => (x.held ?? []).length) ? [held] : []),
      ...(rows.some((x) => (x.changes ?? []).length) ? [changes] : []),
      ...(verdict === 'refused' || rows.some(faulty) ? [faults] : []),
    ]
  }, [data, t, tx, titles, verdict])
  return (
    <section aria-label={t('imp.changes')}>
      <Tabs
        activeKey={verdict}
        onChange={(v) => set({ verdict: v, offset: null }, true)}
        items={tabs.map((v) => ({ key: v, label: `${tabName(v)} ${r ? number(r[v]) : ''}` }))}
      />
      {error ? (
        <Problem error={error} retry={reload} />
      ) : (
        <>
          <Table<UploadRow>
            className="records"
            size="small"
            rowKey="row"
            columns={columns}
            dataSource={data?.rows ?? []}
            loading={loading ? { delay: 200 } : false}
            pagination={false}
            scroll={{ x: 'max-content' }}
            locale={{ emptyText: t('imp.noneOf', { what: tabName(verdict) }) }}
          />
          {data && data.total > 0 && (
            <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null }, true)} />
          )}
        </>
      )}
    </section>
  )
}

function FaultWords({ fault }: { fault: Fault }) {
  const { lang } = useLang()
  return (
    <>
      {lang === 'en' ? fault.message_en || fault.message_zh : fault.message_zh || fault.message_en}
      {fault.rule && <code> {fault.rule}</code>}
    </>
  )
}
