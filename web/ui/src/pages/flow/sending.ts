import { ApiError, post, send } from '../../api/client'
import type { Case, CasePaper } from '../../api/flow'
import { forgetAnswers } from '../../api/use'
import { draft, draftsOf, dropDraft, saveDraft, type Draft, type DraftFile } from './kept'

export async function upload(file: Blob, name: string, onShare: (share: number) => void, to = '/api/cases/papers'): Promise<CasePaper> {
  const form = new FormData()
  form.set('file', file, name)
  return send<CasePaper>(to, form, onShare)
}

/** Cells that say something; the others are left out. */
export function filled(cells: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([, v]) => v.trim() !== ''))
}

/**
 * Sends a draft: files that the server has not got yet, then the case. However
 * often it is called, one case comes of it; the draft goes when the server has
 * answered.
 */
export async function sendDraft(d: Draft, onFiles: (files: DraftFile[]) => void = () => {}): Promise<Case> {
  const files = [...d.files]
  for (const [i, f] of files.entries()) {
    if (f.paper) continue
    files[i] = { ...f, paper: await upload(f.blob, f.name, () => {}) }
    onFiles([...files])
    await saveDraft({ ...d, files: [...files] }).catch(() => {}) // without a database the page itself remembers
  }
  const c = await post<Case>('/api/cases', {
    id: d.id,
    type: d.type,
    cells: filled(d.cells),
    papers: files.flatMap((f) => (f.paper ? [f.paper.id] : [])),
    note: d.note,
  })
  forgetAnswers()
  await dropDraft(d.id).catch(() => {})
  return c
}

let sending = false

/** Sends what only waited for the network. What the server refuses stays, with its words. */
export async function sendReady(owner: string, words: (e: ApiError) => string): Promise<Case[]> {
  if (sending) return []
  sending = true
  const out: Case[] = []
  try {
    for (const head of await draftsOf(owner)) {
      const d = head.ready ? await draft(head.id, owner) : null
      if (!d) continue
      try {
        out.push(await sendDraft(d))
      } catch (cause) {
        const e = cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)
        if (e.status === 0 || e.status === 401 || e.status >= 500) return out
        // sendDraft may have kept papers meanwhile.
        const now = (await draft(d.id, owner)) ?? d
        await saveDraft({ ...now, ready: false, problem: words(e) })
      }
    }
  } finally {
    sending = false
  }
  return out
}
