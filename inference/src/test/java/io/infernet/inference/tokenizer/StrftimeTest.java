package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;

class StrftimeTest {

  private static final ZonedDateTime TIME =
      ZonedDateTime.of(2024, 7, 6, 8, 9, 1, 120_000, ZoneOffset.UTC);

  @Test
  void writesTimesAsCDoes() {
    assertEquals("06 Jul 2024", Strftime.format(TIME, "%d %b %Y"));
    assertEquals("Saturday, July 6, 24", Strftime.format(TIME, "%A, %B %-d, %y"));
    assertEquals("2024-07-06T08:09:01.000120+0000", Strftime.format(TIME, "%FT%T.%f%z"));
    assertEquals("08 AM 8 188 07 07/06/24", Strftime.format(TIME, "%I %p %-H %j %m %D"));
    assertEquals("100% %q %", Strftime.format(TIME, "100%% %q %"));
    assertEquals("it's  6", Strftime.format(TIME, "it's %e"));
  }
}
