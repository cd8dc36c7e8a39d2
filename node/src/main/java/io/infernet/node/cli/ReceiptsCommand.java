package io.infernet.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.infernet.inference.InfernetException;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.http.ReceiptJson;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infernet receipts}. */
@Command(
    name = "receipts",
    description = "Shows and checks what peers signed for each other's work.",
    synopsisSubcommandLabel = "(ls | show | verify)")
final class ReceiptsCommand {

  /** Larger than any receipt. */
  private static final int MAX_FILE_BYTES = 64 << 10;

  private final CliContext context;
  private final GlobalOptions global;

  ReceiptsCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Command(name = "ls", description = "Lists the receipts of this node, newest first.")
  int list(@Mixin JsonOption json) {
    ArrayNode receipts = Json.array();
    new ReceiptSource(global).newest().forEach(one -> receipts.add(ReceiptJson.write(one)));
    if (json.wanted()) {
      context.out().println(Json.line(receipts));
      return 0;
    }
    Table table = new Table("RECEIPT", "FINISHED", "PROVIDER", "CLIENT", "TOKENS", "PRICE");
    for (JsonNode receipt : receipts) {
      table.row(
          receipt.path("id").asText(),
          receipt.path("finished_at").asText(),
          receipt.path("provider").asText(),
          receipt.path("client").asText(),
          receipt.path("completion_tokens").asText(),
          receipt.path("price").asText());
    }
    table.print(context.out());
    return 0;
  }

  @Command(
      name = "show",
      description = "Prints a receipt as JSON, which is also the file that verify reads.")
  int show(
      @Parameters(paramLabel = "ID", description = "As `receipts ls` shows it.") String id,
      @Mixin JsonOption json) {
    SignedReceipt receipt =
        new ReceiptSource(global)
            .get(id)
            .orElseThrow(
                () -> new InfernetException("no receipt " + id + ": see `infernet receipts ls`"));
    JsonNode object = ReceiptJson.write(receipt);
    context.out().println(json.wanted() ? Json.line(object) : Json.pretty(object));
    return 0;
  }

  @Command(
      name = "verify",
      description = "Checks a receipt file by itself, offline; ends with 4 when it does not hold.")
  int verify(
      @Parameters(paramLabel = "FILE", description = "Written by `receipts show`.") Path file,
      @Mixin JsonOption json) {
    SignedReceipt signed;
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new InfernetException(file + " is too large to be a receipt");
      }
      JsonNode content = new ObjectMapper().readTree(Files.readString(file));
      signed = ReceiptJson.read(content);
    } catch (IOException e) {
      throw new InfernetException(
          "cannot read " + file + " as JSON: give a file that `infernet receipts show` wrote", e);
    } catch (IllegalArgumentException e) {
      throw new VerificationFailedException(file + " does not hold: " + e.getMessage());
    }
    ReceiptVerdict verdict = new ReceiptVerifier().verify(signed);
    String problem =
        verdict instanceof ReceiptVerdict.Invalid invalid
            ? invalid.reason()
            : verdict instanceof ReceiptVerdict.HalfSigned ? "the client has not signed it" : "";
    if (!problem.isEmpty()) {
      throw new VerificationFailedException(file + " does not hold: " + problem);
    }
    Receipt receipt = signed.receipt();
    if (json.wanted()) {
      context.out().println(Json.line(Json.object().put("id", receipt.id()).put("valid", true)));
    } else {
      context
          .out()
          .printf(
              "valid: %s made %d tokens for %s, price %d; both signed%n",
              receipt.provider(), receipt.completionTokens(), receipt.client(), receipt.price());
    }
    return 0;
  }
}
