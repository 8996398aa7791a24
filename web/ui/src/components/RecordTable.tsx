import { useMemo } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'react-router'
import type { Column, Row } from '../api/types'
import { useLang } from '../i18n'
import { cellText } from '../lib/cell'
import { day } from '../lib/format'

const numeric = (c: Column) => c.type === 'int' || c.type === 'decimal'

/** Fields a list may be ordered by: names, codes and dates. Never a quantity: no ranking. */
const sortable = (c: Column) => !c.masked && !c.sealed && !numeric(c) && c.type !== 'bool'

/** Records of one entity as a table; the label leads to the record. */
export function RecordTable({
  entity,
  label,
  columns,
  rows,
  loading,
  sort,
  onSort,
  recordLink,
}: {
  entity: string
  label?: string | undefined
  columns: Column[]
  rows: Row[]
  loading?: boolean
  sort?: string | undefined
  onSort?: (sort: string | null) => void
  recordLink: (entity: string, rec: number) => string
}) {
  const { t, tx } = useLang()
  const linked = columns.find((c) => c.name === label)?.name ?? columns[0]?.name
  const cols = useMemo<TableColumnsType<Row>>(
    () => [
      ...columns.map((c) => ({
        key: c.name,
        dataIndex: ['values', c.name],
        title: (
          <>
            {tx(c.title)}
            {tx(c.unit) && <small className="muted">{t('common.paren', { text: tx(c.unit) })}</small>}
            {c.masked && <span className="mask-mark" title={t('rec.maskedWhy')} aria-label={t('rec.masked')} />}
          </>
        ),
        align: numeric(c) ? ('right' as const) : ('left' as const),
        className: numeric(c) ? 'num' : c.type === 'text' && /^(\w+_)?(code|no|id)$/.test(c.name) ? 'mono' : '',
        ...(onSort && sortable(c)
          ? {
              sorter: true,
              sortOrder: sort === c.name ? ('ascend' as const) : sort === '-' + c.name ? ('descend' as const) : null,
            }
          : {}),
        render: (_: unknown, row: Row) => {
          const text = cellText(row, c.name, tx)
          return c.name === linked ? (
            <Link to={recordLink(entity, row.rec)}>{text === '—' ? `#${row.rec}` : text}</Link>
          ) : (
            text
          )
        },
      })),
      {
        key: '_verified',
        title: t('reg.verified'),
        render: (_: unknown, row: Row) => (
          <span className={row.stale ? 'fresh stale' : row.verified ? 'fresh' : 'fresh never'}>
            {day(row.verified) || '—'}
          </span>
        ),
      },
    ],
    [columns, entity, linked, onSort, recordLink, sort, t, tx],
  )
  return (
    <Table<Row>
      className="records"
      size="small"
      rowKey="rec"
      columns={cols}
      dataSource={rows}
      pagination={false}
      loading={loading ? { delay: 200 } : false}
      scroll={{ x: 'max-content' }}
      showSorterTooltip={false}
      locale={{ emptyText: t('reg.none') }}
      onChange={(_p, _f, sorter) => {
        const s = Array.isArray(sorter) ? sorter[0] : sorter
        onSort?.(s?.order ? (s.order === 'descend' ? '-' : '') + String(s.columnKey) : null)
      }}
    />
  )
}
