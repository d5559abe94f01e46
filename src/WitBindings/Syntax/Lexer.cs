using System.Collections.Generic;
using System.Text;

namespace Skiff.WitBindings.Syntax;

internal enum TokenKind
{
    /// <summary>An identifier or a keyword; with a % before it, never a keyword.</summary>
    Word,
    Number,
    Punctuation,
    End,
}

/// <param name="Docs">The documentation comments before it, without their marks.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool IsEscaped, string Docs, Place Place);

/// <summary>Text to tokens (WIT.md, "Lexical structure").</summary>
internal sealed class Lexer(string file, string text)
{
    private int _at;
    private int _line;
    private int _lineStart;

    public static IReadOnlyList<Token> Read(string file, string text)
    {
        var lexer = new Lexer(file, text);
        var tokens = new List<Token>();
        do
        {
            tokens.Add(lexer.Next());
        }
        while (tokens[tokens.Count - 1].Kind != TokenKind.End);
        return tokens;
    }

    private Token Next()
    {
        var docs = Skip();
        var start = _at;
        if (_at == text.Length)
        {
            return new Token(TokenKind.End, "", false, docs, At(start, 0));
        }

        var letter = text[_at];
        if (letter == '%' || IsLetter(letter))
        {
            var escaped = letter == '%';
            _at += escaped ? 1 : 0;
            return Word(escaped, docs);
        }

        if (letter is >= '0' and <= '9')
        {
            return new Token(TokenKind.Number, Number(), false, docs, At(start, _at - start));
        }

        _at += letter == '-' && Peek(1) == '>' ? 2 : 1;
        var mark = text.Substring(start, _at - start);
        return mark is "->" || "{}()<>=,;:./@_*+".IndexOf(letter) >= 0
            ? new Token(TokenKind.Punctuation, mark, false, docs, At(start, mark.Length))
            : throw Wrong(start, 1, $"unexpected character '{mark}'");
    }

    // Labels are words joined by '-', each all small or all capital letters with digits after the first letter.
    private Token Word(bool escaped, string docs)
    {
        var start = _at;
        while (true)
        {
            var word = _at;
            while (IsLetter(Peek(0)) || Peek(0) is >= '0' and <= '9')
            {
                _at++;
            }

            var part = text.Substring(word, _at - word);
            if (part.Length == 0 || (word == start && !IsLetter(part[0])) || (HasLetter(part, 'a') && HasLetter(part, 'A')))
            {
                throw Wrong(start, _at - start, $"'{text.Substring(start, _at - start)}' is no identifier: words of small or of capital letters, joined by '-'");
            }

            if (Peek(0) != '-' || Peek(1) == '>')
            {
                break;
            }

            _at++;
        }

        return new Token(TokenKind.Word, text.Substring(start, _at - start), escaped, docs, At(start, _at - start));
    }

    // An integer, or a semantic version, which only the parser can tell from what follows: 0.2.12-rc.1+build.
    private string Number()
    {
        var start = _at;
        while (Peek(0) is >= '0' and <= '9' || (Peek(0) == '.' && Peek(1) is >= '0' and <= '9'))
        {
            _at++;
        }

        while (Peek(0) is '-' or '+')
        {
            _at++;
            while (IsLetter(Peek(0)) || Peek(0) is (>= '0' and <= '9') or '-' || (Peek(0) == '.' && (IsLetter(Peek(1)) || Peek(1) is >= '0' and <= '9')))
            {
                _at++;
            }
        }

        return text.Substring(start, _at - start);
    }

    private string Skip()
    {
        var docs = new StringBuilder();
        while (_at < text.Length)
        {
            if (text[_at] == '\n')
            {
                _line++;
                _lineStart = ++_at;
            }
            else if (text[_at] is ' ' or '\t' or '\r')
            {
                _at++;
            }
            else if (Peek(0) == '/' && Peek(1) == '/')
            {
                LineComment(docs);
            }
            else if (Peek(0) == '/' && Peek(1) == '*')
            {
                BlockComment(docs);
            }
            else
            {
                break;
            }
        }

        return docs.ToString().Trim();
    }

    private void LineComment(StringBuilder docs)
    {
        var start = _at;
        while (_at < text.Length && text[_at] != '\n')
        {
            _at++;
        }

        var comment = text.Substring(start, _at - start).TrimEnd();
        if (comment.StartsWith("///") && !comment.StartsWith("////"))
        {
            docs.Append(comment.Substring(3).Trim()).Append('\n');
        }
    }

    private void BlockComment(StringBuilder docs)
    {
        var (start, line, lineStart) = (_at, _line, _lineStart);
        var depth = 0;
        do
        {
            if (_at >= text.Length)
            {
                throw new WitException(ProblemKind.Syntax, new Place(file, line, start - lineStart, start, 2), "this comment has no end");
            }

            var two = (Peek(0), Peek(1));
            depth += two == ('/', '*') ? 1 : two == ('*', '/') ? -1 : 0;
            if (Peek(0) == '\n')
            {
                _line++;
                _lineStart = _at + 1;
            }

            _at += two is ('/', '*') or ('*', '/') ? 2 : 1;
        }
        while (depth > 0);

        var comment = text.Substring(start, _at - start);
        if (comment.StartsWith("/**") && comment.Length > 4)
        {
            docs.Append(comment.Substring(3, comment.Length - 5).Trim()).Append('\n');
        }
    }

    private char Peek(int ahead) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    private Place At(int start, int length) => new(file, _line, start - _lineStart, start, length);

    private WitException Wrong(int start, int length, string message) => new(ProblemKind.Syntax, At(start, length), message);

    private static bool HasLetter(string part, char first)
    {
        foreach (var letter in part)
        {
            if (letter >= first && letter <= first + 25)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLetter(char letter) => letter is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
}
