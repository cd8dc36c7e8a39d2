package io.infernet.discovery.kad;

import io.infernet.discovery.kad.record.RecordStore;
import io.infernet.discovery.kad.record.RecordValidator;
import io.infernet.discovery.kad.record.ValueRecord;
import io.infernet.discovery.kad.wire.KadMessage;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One look-up of a value. Runs on the service's executor. */
final class ValueSearch {
  private static final Logger LOG = LoggerFactory.getLogger(ValueSearch.class);

  private final byte[] name;
  private final int quorum;
  private final Lookups lookups;
  private final Requests requests;
  private final RecordStore records;
  private final RecordValidator validator;
  private final Clock clock;

  /** What each server that answered has. */
  private final Map<PeerId, Optional<byte[]>> heard = new LinkedHashMap<>();

  private byte @Nullable [] best;
  private int valid;

  ValueSearch(
      byte[] name,
      int quorum,
      Lookups lookups,
      Requests requests,
      RecordStore records,
      RecordValidator validator,
      Clock clock) {
    this.name = name;
    this.quorum = quorum;
    this.lookups = lookups;
    this.requests = requests;
    this.records = records;
    this.validator = validator;
    this.clock = clock;
  }

  CompletableFuture<Optional<byte[]>> start() {
    records.value(name).ifPresent(own -> best = own.value());
    return lookups
        .lookup(name, new KadMessage.GetValue(name), this::read)
        .start()
        .thenApply(
            result -> {
              if (best == null) {
                return Optional.empty();
              }
              byte[] chosen = best;
              correct(result, chosen);
              return Optional.of(chosen.clone());
            });
  }

  private boolean read(PeerInfo from, KadMessage.Response answer) {
    if (!(answer instanceof KadMessage.Value value)) {
      return false;
    }
    if (value.record().isEmpty()) {
      heard.put(from.id(), Optional.empty());
      return false;
    }
    ValueRecord record = value.record().get();
    try {
      validator.validate(name, record.value());
    } catch (ProtocolViolationException e) {
      // It may have expired since it was stored there, so this is not held against the peer.
      LOG.debug("{} has no valid value: {}", from.id(), e.getMessage());
      heard.put(from.id(), Optional.empty());
      return false;
    }
    byte[] content = record.value();
    heard.put(from.id(), Optional.of(content));
    valid++;
    if (best == null || validator.select(name, List.of(best, content)) == 1) {
      best = content;
    }
    return quorum > 0 && valid >= quorum;
  }

  /** Sends the best value to those among the closest that do not have it. */
  private void correct(LookupResult result, byte[] chosen) {
    List<PeerInfo> stale = new ArrayList<>();
    for (PeerInfo peer : result.closest()) {
      Optional<byte[]> has = heard.getOrDefault(peer.id(), Optional.of(chosen));
      if (has.isEmpty() || !Arrays.equals(has.get(), chosen)) {
        stale.add(peer);
      }
    }
    ValueRecord record = new ValueRecord(name, chosen, clock.instant());
    requests
        .askAll(stale, peer -> new KadMessage.PutValue(record), answer -> true)
        .thenAccept(sent -> LOG.debug("{} of {} stale holders corrected", sent, stale.size()));
  }
}
