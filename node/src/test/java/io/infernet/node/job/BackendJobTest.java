package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a client believes of a provider that has a backend. */
class BackendJobTest {

  private static final ModelName MODEL = ModelName.parse("org/m:1b");
  private static final int PIECES = 5;

  /** Asks a provider that sends five characters and this receipt. */
  private static ChatResult run(int maxTokens, UnaryOperator<Receipt> lie) {
    JobWorld world = new JobWorld(3);
    JobWorld.Node client = world.node();
    JobWorld.Node rogue = world.node();
    RogueProvider.serve(
        world,
        rogue,
        script -> {
          script.quote();
          script.tokens(PIECES);
          script.result(AnswerEnd.STOP_TOKEN, lie);
        });
    rogue.served.set(List.of(InstalledModel.ofBackend(MODEL)));
    client.connect(rogue);
    ChatJob job =
        client
            .chat(Optional.empty())
            .start(ChatRequest.builder(MODEL.toString()).text("Once").maxTokens(maxTokens).build());
    return world.await(job.result(), Duration.ofMinutes(2));
  }

  private static Receipt counted(Receipt receipt, int prompt, int completion, Hash end) {
    return new Receipt(
        receipt.jobId(),
        receipt.attempt(),
        receipt.client(),
        receipt.provider(),
        receipt.model(),
        receipt.firstCommitment(),
        end,
        prompt,
        receipt.resumedTokens(),
        completion,
        receipt.price(),
        receipt.end(),
        receipt.startedAt(),
        receipt.finishedAt());
  }

  @Test
  void takesTheBackendsOwnCountAsFarAsItIsPossible() {
    ChatResult result = run(40, r -> counted(r, 7, 2, r.lastCommitment()));
    assertEquals(new Usage(7, 2), result.usage());
    assertEquals(2, result.attempts().get(0).tokens());
    assertTrue(result.receipt().isPresent());
    assertEquals(PIECES, result.text().codePointCount(0, result.text().length()));
  }

  @Test
  void refusesReceiptsForMoreThanThereCanBe() {
    refused(40, r -> counted(r, 1_000_000, 2, r.lastCommitment()), "more tokens than there can be");
    refused(40, r -> counted(r, 7, 41, r.lastCommitment()), "more tokens than there can be");
    refused(30_000, r -> counted(r, 7, 500, r.lastCommitment()), "more tokens than there can be");
    refused(40, r -> counted(r, 0, 2, r.lastCommitment()), "not valid");
    refused(40, r -> counted(r, 7, 2, Hash.parse("cd".repeat(32))), "something else");
  }

  private static void refused(int maxTokens, UnaryOperator<Receipt> lie, String why) {
    Throwable error = assertThrows(CompletionException.class, () -> run(maxTokens, lie)).getCause();
    assertTrue(error.getMessage().contains(why), error.getMessage());
    assertTrue(error.getMessage().contains("cannot be continued elsewhere"), error.getMessage());
  }
}
