// Says what the parser of the Spark operator makes of schedules: one line "ZONE \t SCHEDULE \t SECONDS" each on
// standard input; the answers are "refused", "never", or the three firings after that time, in seconds since 1970.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func answer(zone, text string, seconds int64) (said string) {
	defer func() {
		if recover() != nil { // a zone without a schedule
			said = "refused"
		}
	}()
	// As the operator does with spec.timeZone.
	if !strings.HasPrefix(text, "CRON_TZ=") && !strings.HasPrefix(text, "TZ=") {
		text = "CRON_TZ=" + zone + " " + text
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return "refused"
	}
	moment := time.Unix(seconds, 0).UTC()
	firings := []string{}
	for len(firings) < 3 {
		if moment = schedule.Next(moment); moment.IsZero() {
			return "never"
		}
		firings = append(firings, strconv.FormatInt(moment.Unix(), 10))
	}
	return strings.Join(firings, " ")
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		seconds, _ := strconv.ParseInt(parts[2], 10, 64)
		fmt.Println(answer(parts[0], parts[1], seconds))
	}
}
