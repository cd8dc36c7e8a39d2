package io.infernet.inference.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Small tokenizers of the kinds that models come with. */
final class TokenizerFiles {

  /** As of Llama 2 and Gemma: ▁ for spaces, bytes for characters that have no token. */
  static final String BYTE_FALLBACK =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [%s],
       "normalizer": {"type": "Sequence", "normalizers": [
         {"type": "Prepend", "prepend": "▁"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
       "pre_tokenizer": null, "post_processor": null,
       "decoder": {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
         {"type": "ByteFallback"}, {"type": "Fuse"},
         {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
       "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
         "vocab": {%s}, "merges": ["▁ a", "a b", "▁ ▁"]}}
      """;

  /** As of T5 and XLM-R, with bytes. */
  static final String UNIGRAM =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [%s],
       "normalizer": null,
       "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
       "post_processor": null,
       "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"},
         {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
       "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": [%s]}}
      """;

  private static final String SPECIAL =
      """
      {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false,
       "normalized": false, "special": %b}""";

  private TokenizerFiles() {}

  private static List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    for (String token : "▁ a b c d e é { } : , [ ] 1 2 ▁a ab ▁▁".split(" ")) {
      tokens.add(token);
    }
    return tokens;
  }

  private static String added(int plain) {
    return String.join(
        ",",
        SPECIAL.formatted(0, "<unk>", true),
        SPECIAL.formatted(1, "<s>", true),
        SPECIAL.formatted(2, "</s>", true),
        SPECIAL.formatted(plain, "<mark>", false));
  }

  /** Writes one of the kinds into a folder. */
  static Path write(String kind, Path folder) throws IOException {
    List<String> entries = new ArrayList<>();
    List<String> tokens = tokens();
    for (int id = 0; id < tokens.size(); id++) {
      entries.add(
          kind.equals(UNIGRAM)
              ? "[\"%s\", %d]".formatted(tokens.get(id), -id)
              : "\"%s\": %d".formatted(tokens.get(id), id));
    }
    String json = kind.formatted(added(tokens.size()), String.join(",", entries));
    Files.writeString(folder.resolve("tokenizer.json"), json);
    return folder;
  }
}
