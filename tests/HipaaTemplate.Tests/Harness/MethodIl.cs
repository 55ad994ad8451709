using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Reads the IL of a method for the members it refers to (ECMA-335 §III).</summary>
internal static class MethodIl
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>Fields, methods and types that the body names, an async method's whole body included.</summary>
    public static IEnumerable<MemberInfo> References(MethodBase method)
    {
        var machine = method.GetCustomAttribute<StateMachineAttribute>()?.StateMachineType;
        return machine is null
            ? ReferencesOf(method)
            : ReferencesOf(method).Concat(machine.GetMethods(Everything).SelectMany(ReferencesOf));
    }

    public static IEnumerable<MethodBase> MethodsOf(Type type) =>
        type.GetMethods(Everything).Concat<MethodBase>(type.GetConstructors(Everything));

    private static IEnumerable<MemberInfo> ReferencesOf(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } il)
        {
            yield break;
        }

        var typeArguments = method.DeclaringType?.GetGenericArguments() ?? [];
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (var at = 0; at < il.Length;)
        {
            short value = il[at++];
            if (value == 0xFE)
            {
                value = (short)(0xFE00 | il[at++]);
            }

            var operand = OpCodesByValue[value].OperandType;
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType
                or OperandType.InlineTok)
            {
                yield return method.Module.ResolveMember(
                    BitConverter.ToInt32(il, at), typeArguments, methodArguments)!;
            }

            at += Size(operand, il, at);
        }
    }

    private static int Size(OperandType operand, byte[] il, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
        _ => 4,
    };
}
