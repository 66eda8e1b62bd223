# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e "data='FILE'; picture='FILE'" plot.gp: what "run --data" kept.
set terminal svg size 860,420 font "sans-serif,13" background "white"
set output picture
set datafile separator "\t"
set title "From the start of a process to its end, medians" noenhanced
set xlabel "milliseconds (logarithmic)"
stats data using 2 nooutput
set logscale x
set xrange [0.1:1000]
set yrange [STATS_records - 0.4:-0.6]
set ytics noenhanced
set grid xtics
set style fill solid 0.7 noborder
unset key
plot data using (0.1):0:(0.1):($2 / 1e6):($0 - 0.35):($0 + 0.35):ytic(1) \
	with boxxyerror linecolor rgb "#35618f", \
	data using ($2 / 1e6):0:(sprintf(" %.2f ms, %.1f x", $2 / 1e6, $3)) \
	with labels left
