BT=/work/shared/backtest timeout 300 go test -v -run TestTry . 2>&1 | grep -v "^---\|PASS\|RUN" | sed -E 's/ w \[.*//' | cut -c1-150
