package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is measured while a simulation runs: integrals of chips over time and counts. */
final class Meters {
  private static final int DELIVERED = 0;
  private static final int OUT = 1;
  private static final int ALLOCATED = 2;
  private static final int PRODUCTIVE = 3;
  private static final int WAITING_JOBS = 4;
  private static final int WAITING_CHIPS = 5;
  private static final int STRANDED = 6;
  private static final int FIRST_CATEGORY = 7;

  private final List<Pool> pools;
  private final WaitQueue queue;
  private final Timeline timeline;
  private final List<String> categories = new ArrayList<>();
  private final int[] categoryOf;
  private long at;

  /** Delivered, in service and allocated chip-ms of each pool. */
  final long[] delivered;

  final long[] service;
  final long[] allocated;
  long spare;
  long free;
  long stranded;
  long gangChips;
  double leafSpread;
  double podSpread;
  long splitChips;
  int requeued;
  final int[] events;
  final int[] stops;

  Meters(List<Pool> pools, WaitQueue queue, List<FailureClass> kinds) {
    this.pools = pools;
    this.queue = queue;
    this.delivered = new long[pools.size()];
    this.service = new long[pools.size()];
    this.allocated = new long[pools.size()];
    this.events = new int[kinds.size()];
    this.stops = new int[kinds.size()];
    this.categoryOf = new int[kinds.size()];
    for (int i = 0; i < kinds.size(); i++) {
      String category = kinds.get(i).category();
      if (!categories.contains(category)) categories.add(category);
      categoryOf[i] = categories.indexOf(category);
    }
    this.timeline = new Timeline(FIRST_CATEGORY + categories.size());
  }

  /** Books the time until {@code now}, in which nothing has changed. */
  void advance(long now) {
    long span = now - at;
    if (span <= 0) return;
    long sumDelivered = 0;
    long sumService = 0;
    long sumAllocated = 0;
    long sumStranded = 0;
    for (Pool p : pools) {
      long there = p.spec.readyMillis() <= at ? p.spec.chips() : 0;
      delivered[p.index] += there * span;
      service[p.index] += p.serviceChips() * span;
      allocated[p.index] += p.allocatedChips() * span;
      spare += p.spareChips() * span;
      free += p.freeChips() * span;
      stranded += p.strandedChips() * span;
      sumDelivered += there;
      sumService += p.serviceChips();
      sumAllocated += p.allocatedChips();
      sumStranded += p.strandedChips();
    }
    book(DELIVERED, now, sumDelivered);
    book(OUT, now, sumDelivered - sumService);
    book(ALLOCATED, now, sumAllocated);
    book(WAITING_JOBS, now, queue.jobs());
    book(WAITING_CHIPS, now, queue.chips());
    book(STRANDED, now, sumStranded);
    at = now;
  }

  private void book(int series, long now, long value) {
    timeline.add(series, at, now, (double) value);
  }

  /** Books the kept work of a stretch, spread evenly over the time after its overhead. */
  void productive(long from, long to, long chipMillis) {
    if (to > from) timeline.add(PRODUCTIVE, from, to, (double) chipMillis / (to - from));
  }

  /** Books how a gang was placed. */
  void placed(Allocation a) {
    long chips = a.chips();
    gangChips += chips;
    leafSpread += chips * ((double) a.leaves / a.fewestLeaves());
    podSpread += chips * ((double) a.pods / a.fewestPods());
    if (a.pods > 1 && a.fewestPods() == 1) splitChips += chips;
  }

  /** Books that a failure stopped a job. */
  void stopped(int kind, long now) {
    stops[kind]++;
    timeline.count(FIRST_CATEGORY + categoryOf[kind], now);
  }

  SimReport.Series series(long end) {
    Map<String, List<Double>> byCategory = new LinkedHashMap<>();
    for (int i = 0; i < categories.size(); i++) {
      byCategory.put(categories.get(i), timeline.counts(FIRST_CATEGORY + i, end));
    }
    return new SimReport.Series(
        timeline.widthMillis() / 3.6e6,
        timeline.means(DELIVERED, end),
        timeline.means(OUT, end),
        timeline.means(ALLOCATED, end),
        timeline.means(PRODUCTIVE, end),
        timeline.means(WAITING_JOBS, end),
        timeline.means(WAITING_CHIPS, end),
        timeline.means(STRANDED, end),
        byCategory);
  }
}
