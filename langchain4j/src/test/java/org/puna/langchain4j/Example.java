package org.puna.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import java.nio.file.Path;
import org.puna.chat.LocalModel;

/** The README's example. */
final class Example {
  private Example() {}

  static String answer(Path path) {
    // README:
    try (LocalModel local = LocalModel.open(path)) {
      ChatModel model =
          PunaChatModel.builder().model(local).temperature(0.7).maxOutputTokens(300).build();
      return model.chat("Why is the sky blue?");
    }
    // README end
  }
}
