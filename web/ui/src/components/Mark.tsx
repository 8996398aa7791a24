/** The mark: the nine numbers of the Luoshu square as nine dots, 4 9 2 / 3 5 7 / 8 1 6. */
export function Mark({ size = 26 }: { size?: number }) {
  const square = [4, 9, 2, 3, 5, 7, 8, 1, 6]
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="3" />
      {square.map((n, i) => (
        <circle key={n} cx={8 + (i % 3) * 8} cy={8 + Math.floor(i / 3) * 8} r={1.05 + n * 0.21} />
      ))}
    </svg>
  )
}
