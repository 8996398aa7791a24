import { useMemo, useRef, useState, type DragEvent } from 'react'
import { Button, Input, Modal, Progress, Select } from 'antd'
import { Link, useNavigate } from 'react-router'
import { ApiError, post, send, url } from '../api/client'
import type { Commit, CommitPage, EntityBrief, Upload } from '../api/types'
import { forgetAnswers, useApi } from '../api/use'
import { PageHead, Pager } from '../components/parts'
import { Nothing, Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { instant, number, percent, size } from '../lib/format'
import { useQuery } from '../lib/link'
import { useSession } from '../session'

export default function Imports() {
  const { t } = useLang()
  const { may } = useSession()
  useTitle(t('imp.title'), t('app.name'))
  if (!may('load')) return <Nothing title={t('imp.mayNot')} />
  return (
    <div className="page">
      <PageHead title={t('imp.title')} lead={t('imp.lead')} />
      <NewUpload />
      <Uploads />
      <Commits />
    </div>
  )
}

function NewUpload() {
  const { t, tx, problem } = useLang()
  const { values, set } = useQuery()
  const go = useNavigate()
  const entities = useApi<EntityBrief[]>('/api/entities')
  const [file, setFile] = useState<File | null>(null)
  const [attested, setAttested] = useState('')
  const [share, setShare] = useState<number | null>(null)
  const [error, setError] = useState('')
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const entity = values.entity
  const groups = useMemo(() => {
    const by = new Map<string, { value: string; label: string }[]>()
    for (const e of (entities.data ?? []).filter((x) => x.can_load !== false)) {
      const g = tx(e.group)
      by.set(g, [...(by.get(g) ?? []), { value: e.name, label: tx(e.title) }])
    }
    const groups = [...by.entries()].map(([label, options]) => ({ label, options }))
    return groups.length
      ? [...groups, { label: t('imp.packages'), options: [{ value: 'oneroster', label: t('imp.oneroster') }] }]
      : groups
  }, [entities.data, t, tx])

  const upload = async () => {
    if (!entity) return setError(t('imp.pickEntity'))
    if (!file) return setError(t('imp.pickFile'))
    setError('')
    setShare(0)
    const form = new FormData()
    form.set('entity', entity)
    if (attested) form.set('attested', attested)
    form.set('file', file)
    try {
      const { id } = await send<{ id: string }>('/api/uploads', form, setShare)
      forgetAnswers()
      void go(`/import/${id}`)
    } catch (cause) {
      setError(problem(cause as ApiError))
      setShare(null)
    }
  }
  const drop = (e: DragEvent) => {
    e.preventDefault()
    setOver(false)
    setFile(e.dataTransfer.files[0] ?? null)
  }
  return (
    <section className="new-upload" aria-label={t('imp.upload')}>
      <div className="step">
        <label htmlFor="entity">
          <b>1</b> {t('imp.step1')}
        </label>
        <Select
          id="entity"
          showSearch
          optionFilterProp="label"
          value={entity ?? null}
          placeholder={t('imp.step1')}
          options={groups}
          loading={!entities.data && !entities.error}
          onChange={(v: string) => set({ entity: v }, true)}
        />
        {entity && entity !== 'oneroster' && (
          <a className="template" href={`/api/templates/${entity}.xlsx`} download>
            {t('imp.template')}
          </a>
        )}
      </div>
      <div className="step grow">
        <label htmlFor="file">
          <b>2</b> {t('imp.step2')}
        </label>
        <div
          className={over ? 'drop over' : 'drop'}
          onClick={() => input.current?.click()}
          onDragOver={(e) => {
            e.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <input
            ref={input}
            id="file"
            type="file"
            accept=".csv,.txt,.xlsx,.zip"
            onClick={(e) => e.stopPropagation()}
            onChange={(e) => setFile(e.target.files?.[0] ?? null)}
          />
          {file ? (
            <span>
              <strong>{file.name}</strong> <span className="muted num">{size(file.size)}</span>
            </span>
          ) : (
            <span>
              {t('imp.drop')}
              <small className="muted">{t('imp.kinds')}</small>
            </span>
          )}
        </div>
      </div>
      <div className="step">
        <label htmlFor="attested">
          <b>3</b> {t('imp.step3')}
        </label>
        <input
          id="attested"
          type="date"
          className="find"
          value={attested}
          max="2099-12-31"
          onChange={(e) => setAttested(e.target.value)}
        />
        <small className="muted">{t('imp.attestedWhy')}</small>
      </div>
      <div className="step-go">
        <Button type="primary" onClick={() => void upload()} loading={share !== null}>
          {share !== null && share < 1 ? t('imp.sending', { share: percent(share) }) : t('imp.upload')}
        </Button>
        {share !== null && <Progress percent={Math.round(share * 100)} size="small" />}
        <p className="form-error" role="alert">
          {error}
        </p>
      </div>
    </section>
  )
}

const uploadStates = ['reading', 'staged', 'committing', 'committed', 'failed', 'cancelled', 'undone'] as const

export function UploadState({ state }: { state: string }) {
  const { t } = useLang()
  const s = uploadStates.find((x) => x === state)
  return (
    <span className="tag" data-upload={state}>
      {s ? t(`imp.state.${s}`) : state}
    </span>
  )
}

function Uploads() {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<Upload[] | { rows: Upload[] }>('/api/uploads')
  const entities = useApi<EntityBrief[]>('/api/entities')
  const rows = Array.isArray(data) ? data : (data?.rows ?? null)
  return (
    <section aria-labelledby="uploads">
      <h2 id="uploads">{t('imp.uploads')}</h2>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !rows ? (
        <Waiting rows={3} />
      ) : !rows.length ? (
        <p className="muted">{t('imp.noUploads')}</p>
      ) : (
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">{t('imp.file')}</th>
                <th scope="col">{t('imp.entity')}</th>
                <th scope="col">{t('imp.state')}</th>
                <th scope="col" className="right">
                  {t('imp.new')}
                </th>
                <th scope="col" className="right">
                  {t('imp.changed')}
                </th>
                <th scope="col" className="right">
                  {t('imp.unchanged')}
                </th>
                <th scope="col" className="right">
                  {t('imp.refused')}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((u) => (
                <tr key={u.id}>
                  <th scope="row">
                    <Link to={`/import/${u.id}`}>{u.name}</Link>
                  </th>
                  <td className="nowrap">
                    {tx(u.title) || tx(entities.data?.find((e) => e.name === u.entity)?.title) || u.entity}
                  </td>
                  <td>
                    <UploadState state={u.state} />
                  </td>
                  {(['new', 'changed', 'unchanged', 'refused'] as const).map((k) => (
                    <td key={k} className={k === 'refused' && u.result?.refused ? 'right num bad' : 'right num'}>
                      {u.result ? number(u.result[k]) : '—'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Commits() {
  const { t, tx } = useLang()
  const { may } = useSession()
  const { values, set } = useQuery()
  const offset = Number(values.offset) || 0
  const limit = 20
  const { data, error, reload } = useApi<CommitPage>(url('/api/commits', { offset, limit }), true)
  const [undoing, setUndoing] = useState<Commit | null>(null)
  return (
    <section aria-labelledby="commits">
      <h2 id="commits">{t('imp.commits')}</h2>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting rows={4} />
      ) : !data.rows?.length ? (
        <p className="muted">{t('imp.noCommits')}</p>
      ) : (
        <>
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th scope="col" className="right">
                    #
                  </th>
                  <th scope="col">{t('common.time')}</th>
                  <th scope="col">{t('common.who')}</th>
                  <th scope="col">{t('imp.entity')}</th>
                  <th scope="col">{t('imp.file')}</th>
                  <th scope="col" className="right">
                    {t('imp.new')}
                  </th>
                  <th scope="col" className="right">
                    {t('imp.changed')}
                  </th>
                  <th scope="col" className="right">
                    {t('imp.closed')}
                  </th>
                  <th scope="col">{t('common.reason')}</th>
                  <th scope="col" />
                </tr>
              </thead>
              <tbody>
                {data.rows.map((c) => (
                  <tr key={c.seq} className={c.undone_by ? 'undone' : ''}>
                    <th scope="row" className="right num">
                      {c.seq}
                    </th>
                    <td className="num nowrap">{instant(c.at)}</td>
                    <td>{c.actor}</td>
                    <td className="nowrap">{tx(c.title) || c.entity}</td>
                    <td className="file-cell">{c.file || '—'}</td>
                    <td className="right num">{number(c.new)}</td>
                    <td className="right num">{number(c.changed)}</td>
                    <td className="right num">{number(c.closed ?? 0)}</td>
                    <td>
                      {c.undo_of
                        ? `${t('imp.undoOf', { seq: c.undo_of })}${c.reason ? t('common.colon') + c.reason : ''}`
                        : c.reason}
                    </td>
                    <td className="right nowrap">
                      {c.undone_by ? (
                        <span className="muted">{t('imp.undoneBy', { seq: c.undone_by })}</span>
                      ) : may('undo') && !c.undo_of && c.can_undo !== false ? (
                        <button
                          type="button"
                          className="text-button"
                          onClick={() => setUndoing(c)}
                          aria-label={t('imp.undoTitle', { seq: c.seq })}
                        >
                          {t('imp.undo')}
                        </button>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null })} />
        </>
      )}
      {undoing && (
        <UndoDialog
          seq={undoing.seq}
          onClose={(done) => {
            setUndoing(null)
            if (done) {
              forgetAnswers()
              reload()
            }
          }}
        />
      )}
    </section>
  )
}

export function UndoDialog({ seq, onClose }: { seq: number; onClose: (done: boolean) => void }) {
  const { t, problem } = useLang()
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const undo = async () => {
    if (!reason.trim()) return setError(t('imp.needReason'))
    setBusy(true)
    try {
      await post(`/api/commits/${seq}/undo`, { reason: reason.trim() })
      onClose(true)
    } catch (cause) {
      setError(problem(cause as ApiError))
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={t('imp.undoTitle', { seq })}
      okText={t('imp.undo')}
      cancelText={t('common.cancel')}
      confirmLoading={busy}
      onOk={() => void undo()}
      onCancel={() => onClose(false)}
      okButtonProps={{ danger: true }}
    >
      <p>{t('imp.undoWhy')}</p>
      <Input.TextArea
        rows={3}
        value={reason}
        maxLength={300}
        aria-label={t('common.reason')}
        autoFocus
        onChange={(e) => setReason(e.target.value)}
      />
      <p className="form-error" role="alert">
        {error}
      </p>
    </Modal>
  )
}
