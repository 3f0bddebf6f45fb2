package org.puna.server.answering;

import java.util.List;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatRequest;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.server.http.Exchange;
import org.puna.server.serving.ServedModel;

/** Asks a model, so that whatever ends the request from outside ends the answers too. */
public final class Asking {
  private Asking() {}

  /** Starts {@code n} answers to a conversation. */
  public static Answers<ChatEvent> chat(Exchange x, ServedModel model, ChatRequest request, int n) {
    List<ChatAnswer> started = model.chat().chat(request, n);
    Answers<ChatEvent> answers = Answers.ofChat(started);
    x.ticket().onEnding(answers::cancel);
    x.working();
    return answers;
  }

  /** Returns continuations of texts that have been started. */
  public static Answers<TextEvent> texts(Exchange x, List<TextGeneration> started) {
    Answers<TextEvent> answers = Answers.ofText(started);
    x.ticket().onEnding(answers::cancel);
    x.working();
    return answers;
  }
}
