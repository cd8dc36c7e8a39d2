package io.infernet.inference.engine.remote;

import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.concurrent.Scheduler;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What is known of one server. Guarded by the {@link Backends} that it is one of. */
final class BackendServer {
  final BackendClient client;
  final BackendProbe probe;
  final boolean named;
  Optional<BackendKind> kind = Optional.empty();
  List<BackendModel> models = List.of();
  OptionalInt slots = OptionalInt.empty();
  String detail = "not asked yet";
  boolean up;
  boolean looking;
  Scheduler.Cancellable nextLook = () -> {};
  int failures;
  int running;

  BackendServer(BackendClient client, BackendProbe probe, boolean named) {
    this.client = client;
    this.probe = probe;
    this.named = named;
  }

  @Nullable BackendModel find(ModelName name) {
    for (BackendModel model : models) {
      if (model.name().equals(name)) {
        return model;
      }
    }
    return null;
  }

  BackendStatus status() {
    return new BackendStatus(client.base(), named, kind, up, up ? "" : detail, models, running);
  }
}
