"""Words that label the parts of a statement, by language: data only.

Case, punctuation and one number in a label do not count, nor do spaces between Chinese, Japanese and Korean letters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of one language, separated by commas.

    Labels of a sample's input are made of `sample` and `input` in either order, labels of its output of `sample` and
    `output`.
    """

    sample: str
    input: str
    output: str
    example: str = ""
    """Further labels of a whole example."""
    sample_input: str = ""
    """Further labels of a sample's input."""
    sample_output: str = ""
    """Further labels of a sample's output."""
    explanation: str
    other: str
    """Labels of sections that hold no sample."""
    nothing: str
    """Words that stand for an empty input."""
    copy: str
    """Text of a judge's copy button, which is often copied along."""


def listed(words: str) -> tuple[str, ...]:
    """The words between commas."""
    return tuple(word for part in words.split(",") if (word := " ".join(part.split())))


LANGUAGES = {
    "English": Words(
        sample="""sample, samples, example, examples, public example, public examples, sample test, example test,
            test case, sample case, sample test case, example test case""",
        input="input, inputs, stdin, standard input, input data, input file, input txt",
        output="output, outputs, stdout, standard output, output data, output file, output txt, answer",
        example="""sample tests, example tests, sample cases, test cases, sample test cases, example test cases,
            sample data, test data, sample test data, sample test set, more examples, more samples,
            input output examples, input output samples, examples of input and output, sample input output,
            sample inputs outputs, sample input and output, sample inputs and outputs, example input output,
            example inputs outputs, example input and output, example inputs and outputs""",
        sample_input="given input, example of input, test input, sample dataset",
        sample_output="""expected output, expected outputs, expected result, test output, output for the sample input,
            output for sample input, output for the example input, example of output""",
        explanation="""explanation, explanations, sample explanation, example explanation, explanation of sample,
            explanation of samples, explanation of the sample, explanation of the samples, explanation of the example,
            explanation of the examples, explanation of sample input, explanation for sample input,
            explanation of sample output, explanation for sample output, sample clarification, clarification,
            clarifications""",
        other="""note, notes, remark, remarks, constraint, constraints, hint, hints, scoring, subtask, subtasks, limits,
            source, input format, output format, input specification, output specification, description, problem,
            problem statement, statement, task, follow up, time limit, memory limit, problem credits, author, tags,
            grading, limits and scoring, interaction, function description, details, editorial""",
        nothing="none, no input, nothing, n a, there is no input, this problem has no input, no data",
        copy="copy, copied, copy code, download",
    ),
    "Japanese": Words(
        sample="例, サンプル, 入出力例, 入出力サンプル",
        input="入力, 標準入力, 入力データ",
        output="出力, 標準出力, 出力データ",
        example="サンプルケース, テストケース",
        sample_output="期待される出力, 期待する出力, 入力例に対する出力",
        explanation="説明, 解説, 入出力例の説明, サンプルの説明, 例の説明",
        other="制約, 注意, 注記, 備考, ヒント, 入力形式, 出力形式, 部分点, 小課題, 配点, 問題, 問題文",
        nothing="なし, 入力なし, 無し, 入力はありません",
        copy="コピー",
    ),
    "Korean": Words(
        sample="예제, 예시, 입출력 예, 입출력 예제, 입출력 예시, 테스트 케이스",
        input="입력, 표준 입력",
        output="출력, 표준 출력",
        sample_output="기대 출력, 예상 출력",
        explanation="설명, 예제 설명, 예시 설명, 해설, 입출력 예 설명",
        other="""제한, 제한 사항, 힌트, 노트, 비고, 참고, 참고 사항, 서브태스크, 배점, 출처, 문제, 문제 설명, 입력 형식,
            출력 형식, 알고리즘 분류""",
        nothing="없음, 입력 없음",
        copy="복사",
    ),
    "Chinese": Words(
        sample="""样例, 示例, 例子, 范例, 测试样例, 输入输出样例, 样例组, 例, 樣例, 範例, 測試範例, 輸入輸出樣例,
            輸入輸出範例""",
        input="输入, 标准输入, 输入数据, 輸入, 標準輸入",
        output="输出, 标准输出, 输出数据, 輸出, 標準輸出",
        sample_input="测试输入",
        sample_output="期望输出, 预期输出, 测试输出, 样例输入的输出, 預期輸出",
        explanation="说明, 解释, 样例解释, 样例说明, 示例解释, 解釋, 說明, 樣例解釋, 範例說明",
        other="""提示, 数据范围, 数据规模, 数据规模与约定, 约定, 备注, 来源, 题目描述, 题目, 输入格式, 输出格式, 注意,
            限制, 子任务, 注释, 进阶, 數據範圍, 輸入格式, 輸出格式, 評分, 子任務, 進階""",
        nothing="无, 无输入, 無, 無輸入",
        copy="复制, 複製",
    ),
    "Russian": Words(
        sample="пример, примеры, образец, тест",
        input="входные данные, ввод, вход, исходные данные, входной файл, стандартный ввод, входной поток",
        output="""выходные данные, вывод, выход, результат, выходной файл, стандартный вывод, выходной поток,
            результат работы, ответ""",
        example="тесты, примеры тестов, пример теста, примеры входных и выходных данных",
        sample_input="""пример входных данных, пример ввода, пример входного файла, примеры входных данных,
            примеры ввода""",
        sample_output="""пример выходных данных, пример вывода, пример выходного файла, примеры выходных данных,
            примеры вывода, ожидаемый вывод, пример результата""",
        explanation="""пояснение, пояснения, объяснение, пояснение к примеру, пояснения к примерам, комментарий""",
        other="""примечание, примечания, замечание, ограничения, подсказка, формат входных данных,
            формат выходных данных, система оценки, оценивание, подзадачи, источник, автор, условие, формат ввода,
            формат вывода""",
        nothing="нет, нет входных данных, отсутствуют",
        copy="скопировать",
    ),
    "Ukrainian": Words(
        sample="приклад, приклади, зразок",
        input="вхідні дані, введення, вхід, ввід",
        output="вихідні дані, виведення, вихід, вивід, результат",
        sample_input="приклад вхідних даних, приклади вхідних даних",
        sample_output="приклад вихідних даних, приклади вихідних даних, очікуваний результат",
        explanation="пояснення, пояснення до прикладу",
        other="примітка, примітки, обмеження, підказка, формат вхідних даних, формат вихідних даних, оцінювання, умова",
        nothing="немає, відсутні",
        copy="скопіювати",
    ),
    "German": Words(
        sample="beispiel, beispiele",
        input="eingabe, eingabedaten",
        output="ausgabe, ausgabedaten",
        sample_input="beispieleingabe",
        sample_output="beispielausgabe, erwartete ausgabe",
        explanation="erklärung, erläuterung",
        other="hinweis, hinweise, anmerkung, beschränkungen, bemerkung, bewertung, aufgabe, quelle",
        nothing="keine, keine eingabe",
        copy="kopieren",
    ),
    "French": Words(
        sample="exemple, exemples",
        input="entrée, entrées",
        output="sortie, sorties",
        sample_input="exemple d entrée, exemple d entrées",
        sample_output="exemple de sortie, exemple de sorties, sortie attendue",
        explanation="explication, explications",
        other="remarque, remarques, contraintes, note, indice, format d entrée, format de sortie, énoncé, limites",
        nothing="aucune, pas d entrée",
        copy="copier",
    ),
    "Spanish": Words(
        sample="ejemplo, ejemplos, caso de ejemplo",
        input="entrada, entrada estándar",
        output="salida, salida estándar",
        sample_input="entrada de ejemplo, ejemplo de entrada, ejemplos de entrada",
        sample_output="salida de ejemplo, ejemplo de salida, ejemplos de salida, salida esperada",
        explanation="explicación, explicaciones",
        other="nota, notas, restricciones, límites, pista, fuente, formato de entrada, formato de salida, subtareas",
        nothing="ninguna, no hay entrada, sin entrada",
        copy="copiar",
    ),
    "Portuguese": Words(
        sample="exemplo, exemplos",
        input="entrada, entrada padrão",
        output="saída, saída padrão",
        sample_input="entrada de exemplo, exemplo de entrada, exemplos de entrada",
        sample_output="saída de exemplo, exemplo de saída, exemplos de saída, saída esperada",
        explanation="explicação, explicações",
        other="""nota, notas, observação, observações, restrições, limites, dica, fonte, formato de entrada,
            formato de saída""",
        nothing="nenhuma, não há entrada, sem entrada",
        copy="copiar",
    ),
    "Polish": Words(
        sample="przykład, przykłady",
        input="wejście, dane wejściowe",
        output="wyjście, dane wyjściowe",
        sample_input="przykładowe wejście, przykładowe dane wejściowe",
        sample_output="przykładowe wyjście, przykładowe dane wyjściowe, oczekiwane wyjście",
        explanation="wyjaśnienie, wyjaśnienie przykładu, wyjaśnienie do przykładu",
        other="uwaga, uwagi, ograniczenia, wskazówka, ocenianie, źródło, zadanie, treść",
        nothing="brak, brak danych wejściowych",
        copy="kopiuj",
    ),
    "Italian": Words(
        sample="esempio, esempi",
        input="dati di input, dati in ingresso",
        output="dati di output, dati in uscita",
        sample_input="esempio di input, input di esempio",
        sample_output="esempio di output, output di esempio, output atteso",
        explanation="spiegazione, spiegazioni",
        other="nota, note, assunzioni, vincoli, punteggio, subtask, formato di input, formato di output",
        nothing="nessuno, nessun input",
        copy="copia",
    ),
    "Turkish": Words(
        sample="örnek, örnekler",
        input="girdi, giriş",
        output="çıktı, çıkış",
        sample_output="beklenen çıktı",
        explanation="açıklama, açıklamalar",
        other="not, notlar, kısıtlar, sınırlar, ipucu, puanlama, girdi formatı, çıktı formatı",
        nothing="yok, girdi yok",
        copy="kopyala",
    ),
    "Vietnamese": Words(
        sample="ví dụ, mẫu, bộ test mẫu",
        input="đầu vào, dữ liệu vào, dữ liệu",
        output="đầu ra, dữ liệu ra, kết quả",
        explanation="giải thích, giải thích ví dụ",
        other="giới hạn, ràng buộc, ghi chú, lưu ý, gợi ý, chấm điểm, subtask",
        nothing="không có",
        copy="sao chép",
    ),
    "Indonesian": Words(
        sample="contoh",
        input="masukan",
        output="keluaran",
        sample_output="keluaran yang diharapkan",
        explanation="penjelasan, penjelasan contoh",
        other="batasan, catatan, petunjuk, subsoal, format masukan, format keluaran, deskripsi",
        nothing="tidak ada",
        copy="salin",
    ),
    "Persian": Words(
        sample="نمونه, مثال",
        input="ورودی",
        output="خروجی",
        explanation="توضیح, توضیحات, توضیح نمونه",
        other="محدودیت ها, محدودیت, یادداشت, راهنمایی",
        nothing="ندارد",
        copy="کپی",
    ),
}

STREAMS = "standard input, standard output, stdin, stdout, input txt, output txt, стандартный ввод, стандартный вывод"
"""Names of streams and files of a judge: after the label Input or Output, such a name is not the sample's text."""

TITLES = "example, examples, sample, samples, public example, more examples, пример, примеры"
"""First words of headings over examples, whatever words follow."""

INPUT_TAGS = "input, stdin, in, sample-input, example-input, test-input, sample_input, example_input, test_input"
OUTPUT_TAGS = """output, stdout, out, sample-output, example-output, test-output, expected-output, sample_output,
    example_output, test_output, expected_output, expected"""
"""INPUT_TAGS and OUTPUT_TAGS: tags of fences that mark a block as an input or an output, as in ```` ```input ````."""
