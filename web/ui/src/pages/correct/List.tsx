import { useState, type ReactNode } from 'react'
import { Checkbox } from 'antd'
import { url } from '../../api/client'
import type { Action, CorrectionPage, RequestState } from '../../api/correct'
import type { EntityBrief } from '../../api/types'
import { useApi } from '../../api/use'
import { Choice, Pager } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang } from '../../i18n'
import { useQuery } from '../../lib/link'
import { Batch, Item } from './parts'
import { stateKeys } from './words'

const limit = 30

/** A list of requests with its filters, and one answer for several of them. */
export function List({
  box,
  batch = [],
  states,
  empty,
}: {
  box: string
  batch?: Action[]
  states: RequestState[]
  empty: ReactNode
}) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const offset = Number(values.offset) || 0
  const entities = useApi<EntityBrief[]>('/api/entities')
  const [picked, setPicked] = useState<number[]>([])
  const [said, setSaid] = useState('')
  const { data, error, reload } = useApi<CorrectionPage>(
    url('/api/corrections', {
      box,
      entity: values.entity,
      state: values.state,
      overdue: values.overdue,
      offset: offset || null,
      limit,
    }),
    true,
  )
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const rows = data.rows
  const can = rows.filter((r) => batch.length > 0 && batch.every((a) => r.actions.includes(a))).map((r) => r.id)
  const chosen = picked.filter((id) => can.includes(id))
  const done = () => {
    setPicked([])
    reload()
  }
  return (
    <>
      <div className="cor-filters">
        <Choice
          label={t('cor.entity')}
          value={values.entity ?? ''}
          options={[
            { value: '', label: t('cor.any') },
            ...(entities.data ?? []).map((e) => ({ value: e.name, label: tx(e.title) })),
          ]}
          onChange={(v) => set({ entity: v || null, offset: null }, true)}
        />
        {states.length > 0 && (
          <Choice
            label={t('cor.state')}
            value={values.state ?? ''}
            options={[
              { value: '', label: t('cor.any') },
              ...states.map((s) => ({ value: s as string, label: t(stateKeys[s]) })),
            ]}
            onChange={(v) => set({ state: v || null, offset: null }, true)}
          />
        )}
        <Checkbox
          checked={values.overdue === '1'}
          onChange={(e) => set({ overdue: e.target.checked ? '1' : null, offset: null }, true)}
        >
          {t('cor.overdueOnly')}
        </Checkbox>
        {can.length > 1 && (
          <Checkbox
            checked={chosen.length === can.length}
            indeterminate={chosen.length > 0 && chosen.length < can.length}
            onChange={(e) => setPicked(e.target.checked ? can : [])}
          >
            {t('cor.pickAll')}
          </Checkbox>
        )}
      </div>
      {said && (
        <p className="success" role="status">
          {said}
        </p>
      )}
      {chosen.length > 0 && (
        <Batch
          ids={chosen}
          actions={batch}
          onDone={(s) => {
            setSaid(s)
            done()
          }}
        />
      )}
      {rows.length === 0 ? (
        empty
      ) : (
        <ul className="cor-list">
          {rows.map((r) => (
            <Item
              key={r.id}
              of={r}
              picked={chosen.includes(r.id)}
              {...(can.includes(r.id)
                ? { onPick: (on: boolean) => setPicked((p) => (on ? [...p, r.id] : p.filter((x) => x !== r.id))) }
                : {})}
              onAnswered={done}
            />
          ))}
        </ul>
      )}
      {data.total > 0 && (
        <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null }, true)} />
      )}
    </>
  )
}
