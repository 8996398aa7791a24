export BT=/work/shared/backtest SUM=1
echo "# $*"; env "$@" /tmp/fc.test -test.v -test.run TestTry | grep TOT | sed 's/TOT/ |/g'
