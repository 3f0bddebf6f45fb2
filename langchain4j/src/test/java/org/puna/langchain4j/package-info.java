/**
 * LangChain4j's own tests of any model, held against Puna's.
 *
 * <p>May import LangChain4j's test jar. Start reading at {@link
 * org.puna.langchain4j.PunaChatModelTest}.
 */
package org.puna.langchain4j;
